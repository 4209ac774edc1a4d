-- What a public certificate is found by beside its grams; rebuildable like them, no foreign keys inward.

CREATE TABLE search_name (
    number  TEXT NOT NULL,
    ord     BIGINT NOT NULL,
    kind    TEXT NOT NULL,                                 -- shown, current, former, legal, kana, roman, trade, identifier
    name    TEXT NOT NULL,
    folded  TEXT NOT NULL,                                 -- as it is compared, without blanks
    PRIMARY KEY (number, ord)
);
CREATE INDEX search_name_folded ON search_name (folded);

CREATE TABLE search_place (
    number  TEXT NOT NULL,
    place   TEXT NOT NULL,                                 -- an ISO 3166-2 code, or a municipality as it is compared
    PRIMARY KEY (number, place)
);
