# Texts of what the public looks up, in English.

search-place = Place
search-place-help = A prefecture or a region's code (ISO 3166-2, such as JP-23), or the municipality that a holder names. Where workers live is not told any closer.
search-formerly = formerly { $name }
search-now-called = now called { $name }
search-facilities = facilities: { $count }
search-see-all = See all certificates
search-none-listed = Certificates that were suspended, withdrawn, given up or that expired are listed too; none is hidden or removed. A company that has applied, or was refused, is not listed.

search-none-title-slip = There is a slip in this number
search-none-slip = No certificate can have it: its check character does not fit, so a character is wrong, missing, or has changed places with its neighbour. Compare it with the certificate once more, or search by the company's name.
search-none-title-number = This number was never given out here
search-none-number = It is written as a number is, but no certificate of this registry has it or ever had it. Whoever showed it to you may have it from elsewhere, or made it up. Search by the company's name, or ask the company for the link to its certificate.
search-none-title-name = No certificate matches
search-none-name = Nobody by this name holds or held a certificate here, under its present or a former name. That says nothing bad of a company: it may hold a certificate of another registry, or none. Try a shorter part of the name, or its spelling in another script.
search-none-title-narrowed = No certificate matches
search-none-narrowed = No certificate fits all of the place, programme, country and status that you chose. Remove them one by one to see more.
search-none-title-yet = No certificate has been granted here yet
search-none-yet = The first one will be listed as soon as it is granted.

certificate-says = It says that { $body } compared the company with the programme, and decided. Below: what was looked at, what was not, and who vouches for each line.
certificate-looked = Assessors compared the company with every section of the programme; somebody else reviewed their work, and a third person decided. Assessed on { $day }.
certificate-visited-all = Facilities that it covers: { $count }; the programme asks that each of them be visited.
certificate-visited-some = Facilities that it covers: { $count }. Of so many the programme asks for a sample to be visited, at least one of each kind; the certificate does not say which.
certificate-interviews = Workers are heard in their own languages as the programme asks; who they were, and how many, is not made public.
certificate-not-facilities = Facilities that are not listed here.
certificate-not-sections = Sections of which nothing applied to this company: { $sections }.
certificate-list-comma = ;{" "}
certificate-not-products = The company's own suppliers, and anything outside the programme, such as the quality of its products.
certificate-not-between = What happened between two visits: a certificate tells what was found on the days of the visit, and promises nothing of the days after.
certificate-command = With akashi-verify on your own computer:

vouches-company = Source: the company
vouches-why-company = The company said so when it applied; the body had it before it when it assessed and decided, and signed it.
vouches-body = Source: the certification body
vouches-why-body = The body's people assessed, reviewed and decided it, and the body signed it. The registry did not look for itself.
vouches-log = Source: the registry's log
vouches-why-log = The registry wrote it into its public log when it happened. Nobody can take it out or change it later without being noticed; the log's number is beside it where there is one.
vouches-owner = Source: the programme's owner
vouches-why-owner = The owner of the programme published this version, which never changes, and authorised the body to certify by it.
