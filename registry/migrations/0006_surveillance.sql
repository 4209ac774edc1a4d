-- Surveillance and special assessments: applications about a certificate that there is, found by it.

CREATE INDEX application_certificate ON application (certificate_id);
