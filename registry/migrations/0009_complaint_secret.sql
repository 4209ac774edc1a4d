-- What whoever complains comes back with is given out with the form: sent twice, a form is one complaint.
CREATE UNIQUE INDEX complaint_secret ON complaint (secret_hash);
