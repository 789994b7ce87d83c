/*
 * faults.h - what the reference server can be told to do wrong, one row each (struct fault_row in reference.h).  A
 * fault is read at exactly one place: a check fault by the loop over the rows of check.c, the others where their name
 * stands.
 */
#ifndef HARNESS_REFERENCE_FAULTS_H
#define HARNESS_REFERENCE_FAULTS_H

#include "harness/reference/reference.h"

/* X(value, name, clause of the check that it breaks or NULL, among which conditions or NULL, catch-all, sentence) */
#define FAULT_LIST(X)                                                                                                  \
	X(FAULT_IGNORES_VALIDITY, "ignores-validity", "R-081", NULL, false, "looks at no date")                        \
	X(FAULT_ACCEPTS_EXPIRED, "accepts-expired", "R-081", "*-expired", false,                                       \
	  "believes a certificate after its notAfter")                                                                 \
	X(FAULT_ACCEPTS_NOT_YET_VALID, "accepts-not-yet-valid", "R-081", "*-not-yet-valid", false,                     \
	  "believes a certificate before its notBefore")                                                               \
	X(FAULT_ACCEPTS_UNTRUSTED, "accepts-untrusted", "R-099", NULL, false,                                          \
	  "believes a path that ends at no trust anchor")                                                              \
	X(FAULT_IGNORES_SIGNATURE, "ignores-signature", "R-080", NULL, false, "verifies no signature of the path")     \
	X(FAULT_IGNORES_NAME_CHAINING, "ignores-name-chaining", "R-083", NULL, false,                                  \
	  "takes whoever made the signature for the issuer, whatever the name says")                                   \
	X(FAULT_IGNORES_EKU, "ignores-eku", "R-090", NULL, false, "believes a leaf made for another purpose")          \
	X(FAULT_IGNORES_KEY_USAGE, "ignores-key-usage", "R-023", NULL, false,                                          \
	  "believes a leaf whose key may not sign")                                                                    \
	X(FAULT_IGNORES_ISSUER_KEY_USAGE, "ignores-issuer-key-usage", "R-088", NULL, false,                            \
	  "believes an issuer whose key may not sign certificates")                                                    \
	X(FAULT_IGNORES_BASIC_CONSTRAINTS, "ignores-basic-constraints", "R-086", NULL, false,                          \
	  "believes issuers that are no CA")                                                                           \
	X(FAULT_IGNORES_PATH_LENGTH, "ignores-path-length", "R-087", NULL, false, "does not count intermediates")      \
	X(FAULT_IGNORES_NAME_CONSTRAINTS, "ignores-name-constraints", "R-084", NULL, false,                            \
	  "does not hold names to the constraints of their issuers")                                                   \
	X(FAULT_IGNORES_CRITICAL_EXTENSION, "ignores-critical-extension", "R-089", NULL, false,                        \
	  "takes critical extensions that it does not know")                                                           \
	X(FAULT_ACCEPTS_NO_CERTIFICATE, "accepts-no-certificate", "R-013 R-035", NULL, false,                          \
	  "serves who sent no certificate where one is required")                                                      \
	X(FAULT_SKIPS_PROOF_OF_POSSESSION, "skips-proof-of-possession", "R-019", NULL, false,                          \
	  "does not verify CertificateVerify")                                                                         \
	X(FAULT_ACCEPTS_ANY_SCHEME, "accepts-any-scheme", "R-021", NULL, false,                                        \
	  "takes whatever signature scheme makes CertificateVerify true")                                              \
	X(FAULT_ASKS_EVERYBODY, "asks-everybody", NULL, NULL, false,                                                   \
	  "asks for a certificate, and believes it, where none is wanted")                                             \
	X(FAULT_ASKS_AGAIN, "asks-again", NULL, NULL, false,                                                           \
	  "asks after the request, asked before or not, by what the version has")                                      \
	X(FAULT_ASKS_LATE_WITHOUT_OFFER, "asks-late-without-offer", NULL, NULL, false,                                 \
	  "asks after the handshake whoever did not offer to answer")                                                  \
	X(FAULT_FORGETS_IDENTITY, "forgets-identity", NULL, NULL, false,                                               \
	  "serves the second request of a connection as a stranger's")                                                 \
	X(FAULT_KEEPS_IDENTITY_OF_FIRST_CONNECTION, "keeps-identity-of-first-connection", NULL, NULL, false,           \
	  "takes strangers for whoever came first")                                                                    \
	X(FAULT_TRUSTS_HOST_HEADER, "trusts-host-header", NULL, NULL, false,                                           \
	  "answers for whatever Host names, whichever name the connection was made for")                               \
	X(FAULT_HOST_WITHOUT_SNI_UNCHECKED, "host-without-sni-unchecked", NULL, NULL, false,                           \
	  "takes who names no server for a caller of the first name, and holds Host to nothing")                       \
	X(FAULT_TAKES_UNKNOWN_NAMES, "takes-unknown-names", NULL, NULL, false,                                         \
	  "takes a server name that it does not have for its first one")                                               \
	X(FAULT_COMPARES_NAMES_BY_CASE, "compares-names-by-case", NULL, NULL, false,                                   \
	  "knows its names only in lower case")                                                                        \
	X(FAULT_ACCEPTS_ANCHOR_OF_ANOTHER_NAME, "accepts-anchor-of-another-name", NULL, NULL, false,                   \
	  "believes at every name what leads to an anchor of any")                                                     \
	X(FAULT_TAKES_FIRST_FRAGMENT_ONLY, "takes-first-fragment-only", NULL, NULL, false,                             \
	  "reads the server name from the first piece of a ClientHello alone") \
	X(FAULT_REDIRECTS_TO_WRONG_HOST, "redirects-to-wrong-host", NULL, NULL, false,                                 \
	  "leads from the open name to a host that is somebody else's")                                                \
	X(FAULT_REDIRECTS_TO_FRONT_PAGE, "redirects-to-front-page", NULL, NULL, false,                                 \
	  "leads from the open name to the right one, and forgets what was asked for")                                 \
	X(FAULT_SERVES_BODY_WITH_REDIRECT, "serves-body-with-redirect", NULL, NULL, false,                             \
	  "leads to the protected name, and shows the page at once")                                                   \
	X(FAULT_FORGETS_TO_REDIRECT, "forgets-to-redirect", NULL, NULL, false,                                         \
	  "serves at the open name what it should lead from there")                                                    \
	X(FAULT_TAKES_FIRST_OF_TWO_HOSTS, "takes-first-of-two-hosts", NULL, NULL, false,                               \
	  "goes by the first Host field where there are several")                                                      \
	X(FAULT_SERVES_WITHOUT_HOST, "serves-without-host", NULL, NULL, false,                                         \
	  "takes an HTTP/1.1 request without Host for one to the name of the handshake")                               \
	X(FAULT_TAKES_HOST_OVER_TARGET, "takes-host-over-target", NULL, NULL, false,                                   \
	  "goes by Host where the request target is absolute")                                                         \
	X(FAULT_SERVES_AFTER_REFUSAL, "serves-after-refusal", NULL, NULL, false,                                       \
	  "serves the second request of a connection whose first it refused")                                          \
	X(FAULT_CUTS_BODIES, "cuts-bodies", NULL, NULL, false, "takes the first 1024 bytes of a body for all of it")   \
	X(FAULT_FORGETS_BODY, "forgets-body", NULL, NULL, false,                                                       \
	  "loses the body of the request behind which it asks for a certificate")                                      \
	X(FAULT_ASKS_ABOVE_BODY_LIMIT, "asks-above-body-limit", NULL, NULL, false,                                     \
	  "asks after the request, however long its body")                                                             \
	X(FAULT_IGNORES_EXPECT, "ignores-expect", NULL, NULL, false, "waits for the body of who waits for 100")        \
	X(FAULT_SPLICES_REQUEST_BEFORE_RENEGOTIATION, "splices-request-before-renegotiation", NULL, NULL, false,       \
	  "serves a request that came before a renegotiation as if it had come behind it")                             \
	X(FAULT_LISTS_ANOTHER_AUTHORITY, "lists-another-authority", NULL, NULL, false,                                 \
	  "names other authorities when it asks than those that it trusts")                                            \
	X(FAULT_LISTS_AUTHORITIES_OF_FIRST_NAME, "lists-authorities-of-first-name", NULL, NULL, false,                 \
	  "names at every name the authorities that it trusts for the first")                                          \
	X(FAULT_WRONG_CERTIFICATE_AFTER_LATE_REQUEST, "wrong-certificate-after-late-request", NULL, NULL, false,       \
	  "believes any certificate that answers a late request")                     \
	X(FAULT_SERVES_BEFORE_THE_ANSWER, "serves-before-the-answer", NULL, NULL, false,                               \
	  "asks after the request, and serves without waiting for the answer")                                         \
	X(FAULT_SERVES_WHO_DOES_NOT_ANSWER, "serves-who-does-not-answer", NULL, NULL, false,                           \
	  "serves who will not renegotiate, or lets the time for an answer pass")                                      \
	X(FAULT_GIVES_NO_TIME_TO_ANSWER, "gives-no-time-to-answer", NULL, NULL, false,                                 \
	  "asks after the request, and gives up who does not answer at once")                                          \
	X(FAULT_TAKES_NO_DATA_WHILE_ASKING, "takes-no-data-while-asking", NULL, NULL, false,                           \
	  "breaks off when data comes between its late request and the answer")                                        \
	X(FAULT_SERVES_WHO_SENDS_DATA_INSTEAD, "serves-who-sends-data-instead", NULL, NULL, false,                     \
	  "serves who sends data where the answer to its late request belongs")                    \
	X(FAULT_TAKES_NO_KEY_UPDATE_WHILE_ASKING, "takes-no-key-update-while-asking", NULL, NULL, false,               \
	  "breaks off when new keys come between its late request and the answer")                                     \
	X(FAULT_RENEGOTIATES_WITH_LEGACY_CLIENTS, "renegotiates-with-legacy-clients", NULL, NULL, false,               \
	  "asks clients from before RFC 5746 to renegotiate, too")                                                     \
	X(FAULT_KEEPS_FIRST_CERTIFICATE, "keeps-first-certificate", NULL, NULL, false,                                 \
	  "follows a client into a renegotiation, and takes it for whoever it was before")                             \
	X(FAULT_ALLOWS_CLIENT_RENEGOTIATION, "allows-client-renegotiation", NULL, NULL, false,                         \
	  "renegotiates as often as a client asks for it")                                                             \
	X(FAULT_LATE_REQUEST_HANGS, "late-request-hangs", NULL, NULL, true,                                            \
	  "asks after the request, and says nothing to what it gets")                                                  \
	X(FAULT_RESUMES_ACROSS_NAMES, "resumes-across-names", NULL, NULL, false,                                       \
	  "takes a TLS 1.3 session at every name for what it was worth at the first")                                  \
	X(FAULT_RESUMES_ACROSS_ENDPOINTS, "resumes-across-endpoints", NULL, NULL, false,                               \
	  "takes a session at every port for what it is worth at the first")                                           \
	X(FAULT_RESUMES_WITHOUT_MASTER_SECRET, "resumes-without-extended-master-secret", NULL, NULL, false,            \
	  "resumes a session without extended master secret for a client that offers it")                              \
	X(FAULT_FORGIVES_LOST_MASTER_SECRET, "forgives-lost-extended-master-secret", NULL, NULL, false,                \
	  "goes on with who lost the extended master secret of its session")               \
	X(FAULT_RESUMES_ACROSS_ANCHORS, "resumes-across-anchors", NULL, NULL, false,                                   \
	  "takes a TLS 1.3 session at any name if one of them trusts its certificate")                    \
	X(FAULT_RESUMES_WITHOUT_ANCHOR, "resumes-without-anchor", NULL, NULL, false,                                   \
	  "believes a session whose anchor it was told to forget")                                                     \
	X(FAULT_KEEPS_TRUST_AFTER_RELOAD, "keeps-trust-after-reload", NULL, NULL, false,                               \
	  "does not read its anchors again when it is told to")                                                        \
	X(FAULT_RESUMES_AFTER_EXPIRY, "resumes-after-expiry", NULL, NULL, false,                                       \
	  "believes the certificate of a session for as long as somebody comes back with it")                          \
	X(FAULT_SERVES_AFTER_EXPIRY, "serves-after-expiry", NULL, NULL, false,                                         \
	  "looks at dates when a connection begins, and never again")                                                  \
	X(FAULT_SERVES_EARLY_DATA, "serves-early-data", NULL, NULL, false,                                             \
	  "answers what came as early data before it knows that its client is there")                                  \
	X(FAULT_TICKETS_LIVE_TOO_LONG, "tickets-live-too-long", NULL, NULL, false,                                     \
	  "promises that a ticket is good for seven days and a second")                                                \
	X(FAULT_TAKES_SESSIONS_OF_PREDECESSOR, "takes-sessions-of-predecessor", NULL, NULL, false,                     \
	  "serves without a certificate who comes with a session from before it was started")                          \
	X(FAULT_REFUSES_SESSIONS_OF_PREDECESSOR, "refuses-sessions-of-predecessor", NULL, NULL, false,                 \
	  "refuses the certificate of who comes with a session from before it was started")                            \
	X(FAULT_FORGETS_WHO_RESUMES, "forgets-who-resumes", NULL, NULL, false,                                         \
	  "takes whoever resumes a session for a stranger")                                                            \
	X(FAULT_ACCEPTS_OLD_TLS, "accepts-old-tls", NULL, NULL, false, "negotiates TLS 1.0 and 1.1")                   \
	X(FAULT_IGNORES_ALPN, "ignores-alpn", NULL, NULL, false,                                                       \
	  "goes on without a protocol when it has none of those that ALPN offers")                                     \
	X(FAULT_SELECTS_ALPN_NOT_OFFERED, "selects-alpn-not-offered", NULL, NULL, false,                               \
	  "answers such an offer with a protocol that was not in it")                                                  \
	X(FAULT_SERVES_PLAIN_HTTP, "serves-plain-http", NULL, NULL, false, "answers HTTP without TLS at its TLS ports") \
	X(FAULT_MALFORMED_CERTIFICATE_REQUEST, "malformed-certificate-request", NULL, NULL, false,                     \
	  "lists a CA name that is no DER name")                                           \
	X(FAULT_REPEATS_REQUEST_CONTEXT, "repeats-request-context", NULL, NULL, false,                                 \
	  "asks after the handshake twice with the same context")                                                      \
	X(FAULT_FORGETS_TO_ASK, "forgets-to-ask", NULL, NULL, true, "asks nobody for a certificate and serves all")    \
	X(FAULT_REJECTS_VALID, "rejects-valid", NULL, NULL, true, "refuses every certificate")                         \
	X(FAULT_WRONG_IDENTITY, "wrong-identity", NULL, NULL, true, "takes everybody for somebody else")               \
	X(FAULT_RESETS_INSTEAD_OF_ALERT, "resets-instead-of-alert", NULL, NULL, true,                                  \
	  "refuses by TCP reset, without an alert")                                                                    \
	X(FAULT_HANGS, "hangs", NULL, NULL, true, "says nothing after the handshake's first flight")                   \
	X(FAULT_DIES_ON_UNKNOWN_CRITICAL_EXTENSION, "dies-on-unknown-critical-extension", NULL,                        \
	  "critical-extension-unknown", false, "its worker aborts at a critical extension that it does not know")

#define FAULT_MEMBER_(value, name, clause, among, catch_all, sentence) value,
enum fault { FAULT_LIST(FAULT_MEMBER_) FAULT__COUNT };

struct faults {
	bool on[FAULT__COUNT];
};

#endif
