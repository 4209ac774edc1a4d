//! Ids of certification's records.

crate::id_types! {
    /// A place that is assessed, or the organisation as a whole.
    FacilityId,
    /// A version of a programme, draft or published.
    ProgrammeVersionId,
    /// A certification body's permission to certify under a programme.
    AuthorisationId,
    /// A declared or recorded conflict of interest.
    ConflictId,
    /// A recorded competence.
    CompetenceId,
    /// A company's request for certification.
    ApplicationId,
    /// A task given to a person on an application.
    AssignmentId,
    /// The assessment of an application.
    AssessmentId,
    /// One rating row.
    RatingId,
    /// A rating below conform that asks for correction.
    FindingId,
    /// What a company will do about a finding.
    CorrectiveActionId,
    /// A file or record for a criterion.
    EvidenceId,
    /// A link between evidence and a criterion.
    EvidenceLinkId,
    /// A second person's check of an assessment.
    ReviewId,
    /// A decision.
    DecisionId,
    /// What a body asks for an application.
    FeeId,
    /// A complaint about a holder or a body.
    ComplaintId,
    /// A company's appeal against a decision.
    AppealId,
    /// A certificate's record, for life.
    CertificateId,
    /// One version of a certificate.
    CertificateVersionId,
}
