/* What the loader says of everything that a suite can get wrong, a row a mistake.  lint: table */
#include "harness/suite/load.h"

#include "harness/base/clock.h"
#include "harness/base/fs.h"
#include "harness/base/rundir.h"
#include "harness/base/test.h"
#include "harness/plan/plan.h"
#include "harness/suite/lint.h"
#include "harness/suite/suite.h"
#include "harness/suite/xml.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS	      " xmlns=\"" XML_NAMESPACE "\""
#define SUITE(inside) "<suite" NS ">\n" inside "\n</suite>"
#define VALID	      "<condition id=\"valid\" level=\"must\" decision=\"accept\"/>"
#define MATRIX	      "<matrix tls=\"1.3\" negotiation=\"required\" http=\"1.1\"/>"
#define CELLS	      "<matrix tls=\"1.3\" negotiation=\"required\" http=\"1.1\" condition=\"valid\"/>"
#define REJECT	      "<expect decision=\"reject\"/>"
/* The scenario begins at line 2, what is inside it at line 3. */
#define SCENARIO(inside) SUITE("<scenario id=\"s\" severity=\"low\">\n" inside "</scenario>" VALID)
#define SCRIPT(steps)	 SCENARIO(MATRIX "<script>\n" steps "</script><expect of=\"r\" decision=\"reject\"/>")
#define CONNECT		 "<connect id=\"c\"/>"
#define REQUEST		 "<request id=\"r\"/>"
#define PROFILE(line)                                                                                                  \
	SUITE(VALID "<condition id=\"bad\" level=\"must\" decision=\"reject\" differs-from=\"valid\"/>"                \
		    "<condition id=\"odd\" level=\"policy\" decision=\"policy\" differs-from=\"valid\"/>"              \
		    "<profile id=\"p\">\n" line "</profile>")
#define ENDPOINT	 "<endpoint id=\"e\" negotiation=\"required\" url=\"https://localhost:1/\"/>"
#define TARGET(inside)	 "<target" NS " id=\"t\">\n" inside "</target>"
#define FAILURES(inside) "<known-failures" NS ">\n" inside "</known-failures>"

static struct arena arena;
static struct rundir dir;

static void init(void)
{
	struct err err = {0};
	ck_assert_msg(rundir_open(&dir, &err) == RC_OK, "%s", err.text);
}

static void fini(void)
{
	rundir_close(&dir);
	arena_fini(&arena);
}

static const char *write_file(const char *name, const char *text)
{
	struct err err = {0};
	const char *path = arena_printf(&arena, "%s/%s", dir.path, name);
	ck_assert_msg(fs_write(path, text, strlen(text), 0600, &err) == RC_OK, "%s", err.text);
	return path;
}

/* What the loader says of a document, without the folder in front; "" when it likes it. */
static const char *complaint(const char *text)
{
	const char *path = write_file("f.xml", text);
	const struct suite_spec spec = {.extra = &path, .n_extra = 1};
	const struct suite *suite = NULL;
	const struct target *target;
	const struct variant *variant;
	const struct pins *pins;
	struct err err = {0};
	enum rc rc;
	if (strncmp(text, "<target", 7) == 0)
		rc = target_load(&arena, NULL, path, &target, &variant, &err);
	else if (strncmp(text, "<known", 6) == 0 || strncmp(text, "<expected", 9) == 0)
		rc = pins_load(&arena, path, &pins, &err);
	else
		rc = suite_load(&arena, &spec, &suite, &err);
	ck_assert_msg(rc == (err.text[0] ? RC_INPUT : RC_OK), "rc %d: %s", rc, err.text);
	if (strncmp(text, "<suite", 6) == 0) { /* without a file the bytes are judged the same */
		struct err again = {0};
		ck_assert_int_eq(load_bytes(&arena, path, text, strlen(text), &suite, &again), rc);
		ck_assert_str_eq(again.text, err.text);
	}
	size_t len = strlen(dir.path) + 1;
	return arena_strdup(&arena, err.text[0] ? err.text + len : "");
}

static const struct {
	const char *name, *text, *complaint; /* its beginning; "" for none */
} inputs[] = {
    /* XML */
    {"empty file", "", "f.xml:1: not well-formed: "},
    {"not well-formed", "<suite" NS ">\n<scenario>\n</suite>",
     "f.xml:3: not well-formed: Opening and ending tag mismatch"},
    {"cut off", "<suite" NS ">\n<scenario", "f.xml:2: not well-formed: "},
    {"undefined entity", "<suite" NS ">\n&lol;</suite>", "f.xml:2: not well-formed: Entity 'lol' not defined"},
    {"NUL", "<suite" NS ">\n&#0;</suite>", "f.xml:2: not well-formed: xmlParseCharRef: invalid xmlChar value 0"},
    {"external entity", "<!DOCTYPE suite [\n<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<suite" NS ">&x;</suite>",
     "f.xml:1: <!DOCTYPE suite>: document type declarations, entities and external files are refused"},
    {"external subset", "<?xml version=\"1.0\"?>\n<!DOCTYPE suite SYSTEM \"http://localhost/x.dtd\">\n<suite" NS "/>",
     "f.xml:2: <!DOCTYPE suite>: "},
    {"billion laughs",
     "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>\n<suite" NS
     ">&c;</suite>",
     "f.xml:1: <!DOCTYPE l>: "},
    {"parameter entity", "<!DOCTYPE s [<!ENTITY % p SYSTEM \"file:///dev/zero\"> %p;]>\n<suite" NS "/>",
     "f.xml:1: <!DOCTYPE s>: "},
    {"no namespace", "<suite/>", "f.xml:1: <suite> is not in the namespace: write xmlns=\"urn:mtlspec:1\" on the root"},
    {"other namespace", "<suite" NS ">\n<scenario xmlns=\"urn:x\"/></suite>",
     "f.xml:2: <scenario> is not in the namespace"},
    {"mixed content", SUITE("<profile id=\"p\">words <line/></profile>"), "f.xml:2: text beside elements in <profile>"},
    {"unknown root", "<nonsense" NS "/>", "f.xml:1: unknown root <nonsense>; legal: suite scenarios conditions"},
    {"foreign attribute", "<suite" NS " xml:base=\"http://x/\"/>",
     "f.xml:1: unknown attribute xml:base on <suite>; legal: none"},
    {"processing instruction", "<?xml-model href=\"suite.rng\"?><suite" NS "/>", ""},
    {"CDATA and comment",
     SUITE("<!-- c --><requirement id=\"R\" section=\"s\" level=\"MUST\"><![CDATA[a < b]]></requirement>"), ""},
    {"references in an attribute",
     SUITE("<condition id=\"valid\" level=\"must\" decision=\"a&amp;&lt;&#65;&quot;b\"/>"),
     "f.xml:2: decision=\"a&<A\"b\" on <condition> is not one of"},
    /* words */
    {"unknown attribute", SUITE("<scenario id=\"s\"\n\n severety=\"low\" severity=\"low\"/>"),
     "f.xml:4: unknown attribute severety on <scenario>; legal: id severity impact"},
    {"attribute behind values with lines",
     SUITE("<condition id=\"valid\" row='a\n>\n=\"b' level=\"must\"\n decision = \"maybe\"/>"),
     "f.xml:5: decision=\"maybe\" on <condition> is not one of: accept reject policy"},
    {"missing attribute", SCENARIO("<matrix tls=\"1.3\" http=\"1.1\"/>" REJECT),
     "f.xml:3: <matrix> lacks the attribute negotiation"},
    {"unknown element", SCENARIO(MATRIX "\n<expectation/>" REJECT),
     "f.xml:4: unknown element <expectation> in <scenario>; legal: "},
    {"stray text", SCENARIO(MATRIX REJECT "<never event=\"eof\">text</never>"), "f.xml:3: <never> holds text"},
    {"bad id", SUITE("<condition id=\"a b\" level=\"must\" decision=\"accept\"/>"), "f.xml:2: id=\"a b\" is no id: "},
    {"two errors",
     SCENARIO("<matrix tls=\"1.4\" negotiation=\"required\" http=\"1.1\"/>\n<expect decision=\"maybe\"/>"),
     "f.xml:3: tls=\"1.4\" on <matrix> is not one of: 1.0 1.1 1.2 1.3 (and 1 more: `mtlspec lint` lists them)"},
    {"target in a suite", "<?x?><target" NS " id=\"t\"/>",
     "f.xml:1: <target> is no part of a suite: name it with --target"},
    /* conditions */
    {"duplicate condition", SUITE(VALID "\n" VALID), "f.xml:3: duplicate id: the condition valid is at "},
    {"dangling differs-from",
     SUITE("<condition id=\"a\" level=\"must\" decision=\"accept\"\n differs-from=\"valid\"/>"),
     "f.xml:3: differs-from=\"valid\" names no condition"},
    {"cyclic differs-from",
     SUITE("<condition id=\"a\" level=\"must\" decision=\"accept\" differs-from=\"b\"/>\n"
	   "<condition id=\"b\" level=\"must\" decision=\"accept\" differs-from=\"a\"/>"),
     "f.xml:2: differs-from goes in a circle from a to a (and 1 more"},
    {"control that is rejected",
     SUITE(VALID "<condition id=\"a\" level=\"must\" decision=\"reject\" differs-from=\"valid\"/>\n"
		 "<condition id=\"b\" level=\"must\" decision=\"reject\" differs-from=\"a\"/>"),
     "f.xml:3: differs-from=\"a\": a control must have decision=\"accept\""},
    {"rejected without control", SUITE("<condition id=\"a\" level=\"must\" decision=\"reject\"/>"),
     "f.xml:2: condition a is rejected but has no differs-from="},
    {"unknown clause", SUITE("<condition id=\"a\" level=\"must\" decision=\"accept\" clause=\"R-999\"/>"),
     "f.xml:2: unknown clause R-999"},
    {"two openssl errors without reason",
     SUITE("<condition id=\"a\" level=\"must\" decision=\"accept\">\n<openssl errors=\"A B\"/></condition>"),
     "f.xml:3: <openssl> lists 2 errors for one defect and gives no <reason>"},
    {"own id in use before",
     SUITE(VALID "\n<condition id=\"a\" level=\"must\" decision=\"accept\" formerly=\"valid\"/>"),
     "f.xml:3: formerly=\"valid\" is an id that is in use"},
    {"tenant's that is good everywhere",
     SUITE("<condition id=\"a\" level=\"must\" decision=\"accept\">\n<root trust=\"tenant\"/></condition>"),
     "f.xml:2: trust=\"tenant\" is not what main trusts: the decision is reject"},
    {"tenant's with another defect",
     SUITE(VALID "<condition id=\"a\" level=\"must\" decision=\"reject\" differs-from=\"valid\">\n<root "
		 "trust=\"tenant\"/><leaf not-after=\"-1d\"/></condition>"),
     "f.xml:3: trust=\"tenant\": a certificate that another name accepts has no other defect"},
    {"none with a certificate", SUITE("<condition id=\"none\" level=\"must\" decision=\"accept\"/>"),
     "f.xml:2: the id none is kept"},
    {"unknown capability", SUITE("<condition id=\"a\" level=\"must\" decision=\"accept\" needs=\"wings\"/>"),
     "f.xml:2: needs=\"wings\" on <condition> is not one of: alpn body-echo body-limit"},
    /* scenarios */
    {"good scenario", SCENARIO(MATRIX REJECT), ""},
    {"duplicate scenario",
     SUITE("<scenario id=\"s\" severity=\"low\">" MATRIX REJECT
	   "</scenario>\n<scenario id=\"s\" severity=\"low\">" MATRIX REJECT "</scenario>"),
     "f.xml:3: duplicate id: the scenario f/s is at "},
    {"no matrix", SCENARIO(REJECT), "f.xml:2: <scenario> lacks its <matrix>"},
    {"empty matrix", SCENARIO("<matrix tls=\"\" negotiation=\"required\" http=\"1.1\"/>" REJECT),
     "f.xml:3: empty matrix: tls=\"\" leaves no cell"},
    {"no such condition",
     SCENARIO("<matrix tls=\"1.3\" negotiation=\"required\" http=\"1.1\"\n condition=\"leaf-*\"/>" REJECT),
     "f.xml:4: empty matrix: condition=\"leaf-*\" matches no condition"},
    {"empty axis", SCENARIO(MATRIX "<axis name=\"a\"\n values=\" \"/>" REJECT),
     "f.xml:4: empty matrix: axis a has no values"},
    {"axis twice", SCENARIO(MATRIX "<axis name=\"a\" values=\"1\"/>\n<axis name=\"a\" values=\"1\"/>" REJECT),
     "f.xml:4: second axis a"},
    {"axis value twice", SCENARIO(MATRIX "<axis name=\"a\" values=\"1 2 1\"/>" REJECT),
     "f.xml:3: axis a: value 1 twice"},
    {"axis with a taken name", SCENARIO(MATRIX "<axis name=\"tls\" values=\"1\"/>" REJECT),
     "f.xml:3: axis tls has the name"},
    {"axis value that breaks ids", SCENARIO(MATRIX "<axis name=\"a\" values=\"1,2\"/>" REJECT),
     "f.xml:3: axis a: \"1,2\" holds one of"},
    {"every cell impossible",
     SUITE("<requirement id=\"R\" section=\"s\" level=\"MUST\">a</requirement>"
	   "<impossible when=\"tls=1.2 http=3\" clause=\"R\">why</impossible><scenario id=\"s\" severity=\"low\">\n"
	   "<matrix tls=\"1.2\" negotiation=\"required none\" http=\"3\"/>" REJECT "</scenario>"),
     "f.xml:3: empty matrix: every cell is impossible (R: why)"},
    {"ids too long",
     SCENARIO(
	 MATRIX
	 "<axis name=\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\" values=\"1\"/>"
	 "<axis name=\"bbcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\" values=\"1\"/>"
	 "<axis name=\"cbcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\" values=\"1 22222222222222\"/>" REJECT),
     "f.xml:2: names and values of the axes take 178 bytes in case ids; at most 170"},
    {"not UTF-8", "<suite" NS ">\n\xe4</suite>",
     "f.xml:2: not well-formed: Input is not proper UTF-8, indicate encoding !"},
    {"cannot fail", SCENARIO(MATRIX), "f.xml:2: <scenario> has neither <expect> nor <never>"},
    {"expects nothing", SCENARIO(MATRIX "<expect/>"), "f.xml:3: <expect> expects nothing"},
    {"as-condition without conditions", SCENARIO(MATRIX "<expect decision=\"as-condition\"/>"),
     "f.xml:3: decision=\"as-condition\" needs condition= in the matrix"},
    {"as-condition or else", SCENARIO(CELLS "<expect decision=\"as-condition reject\"/>"),
     "f.xml:3: as-condition and policy stand alone"},
    {"dangling of", SCENARIO(MATRIX "<expect of=\"x\" decision=\"reject\"/>"),
     "f.xml:3: of=\"x\" names no request of this scenario"},
    {"of left out", SCRIPT(CONNECT REQUEST "<request id=\"r2\"/>\n<await/>"),
     "f.xml:5: <await> lacks of=: 2 requests could be meant"},
    {"plain or not", SCRIPT("<connect id=\"c\" plain=\"perhaps\"/>\n<request id=\"r\"/>"),
     "f.xml:4: plain=\"perhaps\" on <connect> is not one of: yes no"},
    {"unknown event", SCENARIO(MATRIX "<never event=\"earthquake\"/>"),
     "f.xml:3: unknown event earthquake; legal: late-request served-early connect "},
    {"never on nothing", SCENARIO(MATRIX "<never event=\"eof\" on=\"x\"/>"),
     "f.xml:3: on=\"x\" names no connection of this scenario"},
    {"given without session", SCENARIO(MATRIX REJECT "<given session=\"x\"/>"),
     "f.xml:3: session=\"x\" is saved nowhere"},
    {"a reload of what there is not", SCENARIO(MATRIX "<script><connect id=\"c\"/><reload anchors=\"mine\"/></script>" REJECT),
     "f.xml:3: anchors=\"mine\" on <reload> is not one of: others"},
    {"a life too short", SCENARIO(MATRIX "<script><connect id=\"c\" lives=\"1s\"/><request id=\"r\"/></script>" REJECT),
     "f.xml:3: lives=\"1s\" on <connect> is no life for a certificate"},
    {"given an unknown event", SCENARIO(MATRIX REJECT "<given event=\"earthquake\"/>"), "f.xml:3: unknown event earthquake"},
    {"the same as nothing", SCENARIO(MATRIX "<expect same-as=\"x\"/>"), "f.xml:3: same-as=\"x\" names no request"},
    {"given on nothing", SCENARIO(MATRIX REJECT "<given event=\"late-request\" on=\"x\"/>"),
     "f.xml:3: on=\"x\" names no connection of this scenario"},
    {"never so often", SCENARIO(MATRIX "<never event=\"eof\" times=\"65\"/>"),
     "f.xml:3: times=\"65\" is no number from 1 to 64"},
    {"or-closed", SCENARIO(MATRIX "<expect decision=\"reject\" or-closed=\"maybe\"/>"),
     "f.xml:3: or-closed=\"maybe\" on <expect> is not one of: yes no"},
    {"given nothing", SCENARIO(MATRIX REJECT "<given/>"), "f.xml:3: <given> gives nothing"},
    {"when: unknown key", SCENARIO(MATRIX "<expect decision=\"reject\" when=\"size=1\"/>"),
     "f.xml:3: when: unknown key size; legal: tls negotiation http client"},
    {"when: no pattern", SCENARIO(MATRIX "<expect decision=\"reject\" when=\"tls\"/>"),
     "f.xml:3: when: \"tls\" is not key=pattern"},
    {"when: key twice", SCENARIO(MATRIX "<expect decision=\"reject\" when=\"tls=1.2 tls=1.3\"/>"),
     "f.xml:3: when: tls= twice"},
    {"when: no such version", SCENARIO(MATRIX "<expect decision=\"reject\" when=\"tls=1.2|1.4\"/>"),
     "f.xml:3: when: tls=1.4 can never hold"},
    {"when: no such axis value",
     SCENARIO(MATRIX "<axis name=\"a\" values=\"1 2\"/><expect decision=\"reject\" when=\"a=3\"/>"),
     "f.xml:3: when: a=3 can never hold; values of a: 1 2"},
    {"when: no such condition", SCENARIO(CELLS "<expect decision=\"reject\" when=\"condition=leaf*\"/>"),
     "f.xml:3: when: condition=leaf* names no condition"},
    {"signal", SCENARIO(MATRIX "<expect signal=\"http:403 alert:nonsense\"/>"),
     "f.xml:3: signal=\"alert:nonsense\" is no signal"},
    {"within", SCENARIO(MATRIX "<expect within=\"soon\"/>"), "f.xml:3: within=\"soon\" is neither"},
    {"within control", SCENARIO(MATRIX "<expect within=\"10x control\"/>"), ""},
    {"identity that is nobody", SCENARIO(MATRIX "<expect identity=\"x\"/>"),
     "f.xml:3: identity=\"x\" names no condition"},
    {"clause in some cells", SCENARIO(MATRIX REJECT "<clause id=\"R-1\" when=\"tls=1.3\"/>"),
     "f.xml:3: unknown clause R-1"},
    /* scripts */
    {"unknown verb", SCRIPT(CONNECT REQUEST "\n<dance/>"),
     "f.xml:5: unknown verb <dance>; legal: connect request await"},
    {"connect without id", SCRIPT("<connect/>" REQUEST), "f.xml:4: <connect> lacks the attribute id"},
    {"verb's attribute", SCRIPT("<connect id=\"c\" method=\"GET\"/>" REQUEST),
     "f.xml:4: unknown attribute method on <connect>; legal: id name"},
    {"connection twice", SCRIPT(CONNECT CONNECT REQUEST),
     "f.xml:4: id=\"c\" on <connect> is the id of an earlier connection"},
    {"connection later", SCRIPT("<request id=\"r\" on=\"c\"/>" CONNECT),
     "f.xml:4: on=\"c\" on <request> names no connection made before it"},
    {"connection closed", SCRIPT(CONNECT "<close on=\"c\"/>\n<request id=\"r\" on=\"c\"/>"),
     "f.xml:5: on=\"c\" on <request> names a connection that is closed"},
    {"on left out", SCRIPT(CONNECT "<connect id=\"d\"/>\n" REQUEST),
     "f.xml:5: <request> lacks on=: 2 connections could be meant"},
    {"session from nowhere", SCRIPT("<connect id=\"c\" resume=\"t\"/>" REQUEST),
     "f.xml:4: resume=\"t\" on <connect> names no session saved before it"},
    {"certificate of nobody", SCRIPT("<connect id=\"c\" certificate=\"ghost\"/>" REQUEST),
     "f.xml:4: certificate=\"ghost\" names no condition"},
    {"certificate none and own",
     SCRIPT("<connect id=\"c\" certificate=\"none\"/><connect id=\"d\" certificate=\"own:x\"/>"
	    "<request id=\"r\" on=\"c\"/>"),
     ""},
    {"unknown axis", SCRIPT("<connect id=\"c\" name=\"{where}\"/>" REQUEST),
     "f.xml:4: {where} in name names no axis; legal: tls negotiation http client"},
    {"axis in a header", SCRIPT(CONNECT "<request id=\"r\">\n<header name=\"A\" value=\"x{y}\"/></request>"),
     "f.xml:5: {y} in value names no axis"},
    {"axis value is no condition",
     SCENARIO(MATRIX
	      "<axis name=\"who\" values=\"valid ghost\"/><script>\n<connect id=\"c\" certificate=\"{who}\"/>" REQUEST
	      "</script>" REJECT),
     "f.xml:4: certificate=\"ghost\" names no condition"},
    {"axis value is no size",
     SUITE("<scenario id=\"s\" severity=\"low\" impact=\"state\">" MATRIX
	   "<axis name=\"n\" values=\"48k limit+1 much\"/>"
	   "<script>\n" CONNECT "<request id=\"r\" body=\"{n}\"/></script>" REJECT "</scenario>"),
     "f.xml:3: body=\"much\" on <request> is no size"},
    {"braces that are no axis",
     SCRIPT(CONNECT "<request id=\"r\"><header name=\"A\" value='{\"a\": 1} { } {'/></request>"), ""},
    {"body without impact", SCRIPT(CONNECT "<request id=\"r\" body=\"1\"/>"),
     "f.xml:4: a body or a method that changes something needs impact"},
    {"body that nobody tells of", SCENARIO(MATRIX "<script>" CONNECT REQUEST "</script>\n<expect of=\"r\" body=\"intact\"/>"),
     "f.xml:4: body= needs=\"body-echo\""},
    {"POST without impact", SCRIPT(CONNECT "<request id=\"r\" method=\"POST\"/>"), "f.xml:4: a body or a method"},
    {"world verb without impact", SCRIPT("<stop/>" CONNECT REQUEST), "f.xml:4: <stop> needs impact=\"state\""},
    {"until", SCRIPT(CONNECT "<request id=\"r\" until=\"later\"/>"),
     "f.xml:4: until=\"later\" on <request> is not one of: done sent read asked headers"},
    {"late verbs",
     SCRIPT("<connect id=\"c\" secure-renegotiation=\"no\"/>" REQUEST
	    "<answer refuse=\"warning\"/><key-update ask-peer=\"yes\"/><renegotiate times=\"64\"/>"),
     ""},
    {"refuse", SCRIPT(CONNECT REQUEST "<answer refuse=\"loudly\"/>"),
     "f.xml:4: refuse=\"loudly\" on <answer> is not one of: no warning fatal ignore"},
    {"elsewhere", SCRIPT("<connect id=\"c\" at=\"none\"/>" REQUEST), ""},
    {"at", SCRIPT("<connect id=\"c\" at=\"by-name\"/>" REQUEST),
     "f.xml:4: at=\"by-name\" on <connect> is none of: none, optional, required"},
    {"times", SCRIPT(CONNECT REQUEST "<renegotiate times=\"0\"/>"),
     "f.xml:4: times=\"0\" on <renegotiate> is no number from 1 to 64"},
    {"header both ways", SCRIPT(CONNECT "<request id=\"r\">\n<header name=\"A\" forward=\"leaf\"/></request>"),
     "f.xml:5: <header> has either"},
    {"name that is not ASCII", SCRIPT("<connect id=\"c\" name=\"m\xc3\xbcller.example\"/>" REQUEST),
     "f.xml:4: name: \"m\xc3\xbcller.example\" is not ASCII"},
    {"name with an escaped NUL", SCRIPT("<connect id=\"c\" name=\"a%00b.example\"/>" REQUEST),
     "f.xml:4: name: the character \"%\" cannot stand"},
    {"a redirect followed",
     SCRIPT("<connect id=\"a\"/><request id=\"q\" target=\"redirect\"/><connect id=\"c\" name=\"protected\" follow=\"q\"/><request id=\"r\" on=\"c\"/>"),
     ""},
    {"a redirect of nothing", SCRIPT("<connect id=\"c\" name=\"protected\" follow=\"q\"/>" REQUEST),
     "f.xml:4: follow=\"q\" on <connect> names no request sent before it"},
    {"a redirect to anywhere", SCRIPT("<connect id=\"a\"/><request id=\"q\"/><connect id=\"c\" follow=\"q\"/><request id=\"r\" on=\"c\"/>"),
     "f.xml:4: follow=\"q\" on <connect> needs name=: where the redirect has to lead"},
    {"early data", SCRIPT("<connect id=\"a\"/><save session=\"s\" from=\"a\"/><connect id=\"c\" resume=\"s\" early=\"yes\"/>"
			  "<request id=\"r\" on=\"c\"/>"), ""},
    {"early data of no session", SCRIPT("<connect id=\"c\" early=\"yes\"/>" REQUEST),
     "f.xml:4: early=\"yes\" on <connect> needs resume=: early data belongs to a session"},
    {"fragment", SCRIPT("<connect id=\"c\" sni=\"none\" fragment=\"record-1\"/>" REQUEST), ""},
    {"no fragment", SCRIPT("<connect id=\"c\" fragment=\"record-0\"/>" REQUEST),
     "f.xml:4: fragment=\"record-0\" on <connect> is neither segment-N nor record-N, N from 1 to 16384"},
    {"connects nowhere", SCRIPT("<wait ms=\"1\"/>"), "f.xml:3: the script connects nowhere"},
    /* requirements, impossible cells, profiles, diagnoses */
    {"duplicate requirement",
     SUITE("<requirement id=\"R\" section=\"s\" level=\"MUST\">a</requirement>\n<requirement id=\"R\" section=\"s\" "
	   "level=\"MUST\">b</requirement>"),
     "f.xml:3: duplicate id: the requirement R is at "},
    {"impossible by no clause", SUITE("<impossible when=\"http=2\" clause=\"R-1\">why</impossible>"),
     "f.xml:2: unknown clause R-1"},
    {"impossible everywhere",
     SUITE("<requirement id=\"R\" section=\"s\" level=\"MUST\">a</requirement><impossible when=\"\" "
	   "clause=\"R\">why</impossible>"),
     "f.xml:2: <impossible> without a term"},
    {"profile decides policy",
     PROFILE("<line when=\"condition=odd\" decision=\"reject\" signal=\"reset\" source=\"manual\"/>"), ""},
    {"profile turns reject round", PROFILE("<line when=\"condition=bad|odd\" decision=\"accept\" source=\"manual\"/>"),
     "f.xml:3: <line> turns the condition bad round, whose decision is reject"},
    {"profile turns accept round", PROFILE("<line when=\"tls=1.3\" decision=\"reject\" source=\"manual\"/>"),
     "f.xml:3: <line> turns the condition valid round, whose decision is accept"},
    {"profile without provenance",
     PROFILE("<line when=\"condition=odd\" decision=\"reject\" source=\"observed with 1.2\"/>"),
     "f.xml:3: source=\"observed with 1.2\": what a server did is no provenance"},
    {"profile without source", PROFILE("<line signal=\"reset\"/>"), "f.xml:3: <line> lacks the attribute source"},
    {"profile version", PROFILE("<line signal=\"reset\" version=\"1.2\" source=\"manual\"/>"),
     "f.xml:3: version=\"1.2\" is not like"},
    {"profile scenario", PROFILE("<line signal=\"reset\" when=\"scenario=x\" source=\"manual\"/>"),
     "f.xml:3: when: scenario=x names no scenario"},
    {"profile says nothing", PROFILE("<line source=\"manual\"/>"), "f.xml:3: <line> says nothing"},
    {"diagnosis of nothing", SUITE("<diagnosis id=\"K\" when=\"tls=1.3\"/>"),
     "f.xml:2: <diagnosis> needs a <cause> and a <check> or a <fix>"},
    /* known failures */
    {"good pin", FAILURES("<failure case=\"*\" verdict=\"false-accept deviation\" reason=\"x\" until=\"2027-01-31\"/>"),
     ""},
    {"pin without reason", FAILURES("<failure case=\"*\" verdict=\"false-accept\"/>"),
     "f.xml:2: <failure> lacks the attribute reason"},
    {"pinned pass", FAILURES("<failure case=\"*\" verdict=\"pass\" reason=\"x\"/>"),
     "f.xml:2: verdict=\"pass\" on <failure> is not one of: "},
    {"pin until never", FAILURES("<failure case=\"*\" verdict=\"flaky\" reason=\"x\" until=\"2027-13-01\"/>"),
     "f.xml:2: until=\"2027-13-01\" is no date"},
    {"predicted verdict", "<expected" NS "><verdict case=\"*\" verdict=\"false-accept\" reason=\"row\"/></expected>",
     ""},
    {"key update that waits for an answer", SCRIPT(CONNECT REQUEST "\n<key-update until=\"asked\"/>"),
     "f.xml:5: until=\"asked\" on <key-update> is not one of: sent read"},
    {"predicted now and then", "<expected" NS "><verdict case=\"*\" verdict=\"pass flaky\" reason=\"row\"/></expected>", ""},
    {"predicted pass", "<expected" NS "><verdict case=\"*\" verdict=\"pass\" reason=\"row\"/></expected>",
     "f.xml:1: verdict=\"pass\" alone on <verdict> predicts nothing"},
    /* targets */
    {"good target", TARGET(ENDPOINT), ""},
    {"no endpoint", TARGET(""), "f.xml:1: <target> without an <endpoint>"},
    {"endpoint twice", TARGET(ENDPOINT "\n" ENDPOINT), "f.xml:3: duplicate id: the endpoint e is at line 2 already"},
    {"http url", TARGET("<endpoint id=\"e\" negotiation=\"none\" url=\"http://x/\"/>"),
     "f.xml:2: url=\"http://x/\" does not begin with https://"},
    {"host not ASCII", TARGET("<endpoint id=\"e\" negotiation=\"none\" url=\"https://m\xc3\xbcller/\"/>"),
     "f.xml:2: url: \"m\xc3\xbcller\" is not ASCII"},
    {"host empty", TARGET("<endpoint id=\"e\" negotiation=\"none\" url=\"https://:1/\"/>"),
     "f.xml:2: url: the host name is empty"},
    {"IPv6", TARGET("<endpoint id=\"e\" negotiation=\"none\" url=\"https://[::1]:1/\" address=\"[::1]:1\"/>"), ""},
    {"by-name without names", TARGET("<endpoint id=\"e\" negotiation=\"by-name\" url=\"https://x/\"/>"),
     "f.xml:2: negotiation=\"by-name\" needs a <name>"},
    {"a path that is none",
     TARGET("<endpoint id=\"e\" negotiation=\"by-name\" url=\"https://x/\">\n<name id=\"open\" negotiation=\"none\" redirect=\"//x y\"/>"
	    "<name id=\"p\" negotiation=\"required\"/></endpoint>"),
     "f.xml:3: redirect=\"//x y\" does not begin with one /"},
    {"redirect that nobody declares", "<target" NS " id=\"t\" has=\"redirect\">\n" ENDPOINT "</target>",
     "f.xml:1: has=\"redirect\" needs redirect= of a <name>"},
    {"tenants without names", "<target" NS " id=\"t\" has=\"tenants\">\n" ENDPOINT "</target>",
     "f.xml:1: has=\"tenants\", but no <name> has a trust= of its own"},
    {"unknown placeholder", TARGET(ENDPOINT "<process id=\"p\">\n<argument>@prog@</argument></process>"),
     "f.xml:3: unknown placeholder @prog@"},
    {"lone @", TARGET(ENDPOINT "<process id=\"p\">\n<argument>a@b</argument></process>"),
     "f.xml:3: a lone @ in \"a@b\""},
    {"placeholders",
     TARGET(ENDPOINT "<parameter name=\"prog\" value=\"x\"/><process id=\"p\"><argument>@prog@ @@ @port:x@ "
		     "@anchors:main@ @dir@</argument></process>"),
     ""},
    {"variant with a list of its own", TARGET(ENDPOINT "<variant id=\"v\" has=\"echo\" body-limit=\"9\">" ENDPOINT "</variant>"), ""},
    {"variant that has what nobody has", TARGET(ENDPOINT "<variant id=\"v\"\n has=\"wings\"/>"), "f.xml:3: has=\"wings\""},
    {"variant with an endpoint twice", TARGET(ENDPOINT "<variant id=\"v\">" ENDPOINT "\n" ENDPOINT "</variant>"),
     "f.xml:3: duplicate id: the endpoint "},
    {"variant of nothing", TARGET(ENDPOINT "<variant id=\"v\">\n<set name=\"x\" value=\"\"/></variant>"),
     "f.xml:3: <set name=\"x\">: no <parameter> of this name"},
    {"a preparation without a command",
     TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument>\n<prepare within=\"1m\"/></process>"),
     "f.xml:3: <prepare> without an <argument>"},
    {"a reload by command",
     TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument><reload within=\"9s\"><argument>x</argument></reload></process>"), ""},
    {"a reload by nothing", TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument>\n<reload/></process>"),
     "f.xml:3: <reload> has either signal="},
    {"a reload by both",
     TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument>\n<reload signal=\"HUP\"><argument>x</argument></reload></process>"),
     "f.xml:3: <reload> has either signal="},
    {"a command that says when it is done",
     TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument><reload\n done=\"x\"><argument>x</argument></reload></process>"),
     "f.xml:3: done= is for a signal"},
    {"a reload that is done at once", TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument><reload signal=\"HUP\"\n done=\"\"/></process>"),
     "f.xml:3: done=\"\" is in every log"},
    {"a reload by another signal", TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument><reload\n signal=\"SEGV\"/></process>"),
     "f.xml:3: signal=\"SEGV\""},
    {"file that is not there",
     TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument>\n<file from=\"x.in\"/></process>"),
     "f.xml:3: from=\"x.in\": no such file"},
    {"file outside",
     TARGET(ENDPOINT "<process id=\"p\"><argument>x</argument>\n<file from=\"f.xml\" to=\"../x\"/></process>"),
     "f.xml:3: <file to=\"../x\"> leaves"},
    {"status", TARGET(ENDPOINT "<accept status=\"2xx 20\"/>"), "f.xml:2: status=\"20\" is neither"},
    {"limits", TARGET(ENDPOINT "<limits connect=\"fast\"/>"), "f.xml:2: connect=\"fast\" on <limits> is no time"},
    {"echo twice", TARGET(ENDPOINT "<echo header=\"X\" as=\"subject\"/>\n<echo header=\"Y\" as=\"subject\"/>"),
     "f.xml:3: second <echo> in <target>"},
    {"received without a digest", TARGET(ENDPOINT "<received length=\"X\"/>"), "f.xml:2: <received> lacks the attribute sha256"},
    {"echo nowhere", TARGET(ENDPOINT "<echo as=\"subject\"/>"), "f.xml:2: <echo> has either header= or body="},
};

START_TEST(bad_inputs)
{
	const char *got = complaint(inputs[_i].text);
	const char *want = inputs[_i].complaint;
	ck_assert_msg(*want ? strncmp(got, want, strlen(want)) == 0 : !*got, "%s:\nwant \"%s\"\n got \"%s\"",
		      inputs[_i].name, want, got);
}
END_TEST

/* Bytes that the XML parser stops at without a word: what stands behind them was never read. */
START_TEST(bytes_behind_the_end)
{
	static const struct {
		bool wide; /* as UTF-16 */
		const char *bytes;
		size_t len;
	} rows[] = {{false, "\0", 1}, {false, "\0<suite/>", 9}, {true, "\0\xd8\0\0", 4}};
	static const char text[] = SUITE(VALID);
	const struct suite *suite;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b;
		struct err err = {0};
		buf_init(&b, 4096);
		buf_add(&b, "\xff\xfe", rows[i].wide ? 2 : 0);
		for (size_t j = 0; j < strlen(text); j++)
			buf_add(&b, (const char[]){text[j], 0}, rows[i].wide ? 2 : 1);
		ck_assert_msg(load_bytes(&arena, "f.xml", b.data, b.len, &suite, &err) == RC_OK, "%s", err.text);
		buf_add(&b, rows[i].bytes, rows[i].len);
		ck_assert_msg(load_bytes(&arena, "f.xml", b.data, b.len, &suite, &err) == RC_INPUT, "row %zu", i);
		ck_assert_msg(text_starts(err.text, "f.xml:3: not well-formed: "), "row %zu: %s", i, err.text);
		buf_fini(&b);
	}
}
END_TEST

START_TEST(huge_file)
{
	const char *path = arena_printf(&arena, "%s/huge.xml", dir.path);
	const struct suite_spec spec = {.extra = &path, .n_extra = 1};
	const struct suite *suite;
	struct err err = {0};
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 100 << 20), 0);
	close(fd);
	uint64_t before = clock_cpu_us();
	ck_assert_int_eq(suite_load(&arena, &spec, &suite, &err), RC_INPUT);
	ck_assert_msg(strstr(err.text, "/huge.xml:1: file is too large: 104857600 bytes, at most 8388608 are read"),
		      "%s", err.text);
	ck_assert_uint_lt(clock_cpu_us() - before, 100000); /* it was not read */
}
END_TEST

START_TEST(missing_and_odd_files)
{
	const char *paths[] = {arena_printf(&arena, "%s/nothing.xml", dir.path), "/dev/null", dir.path};
	const char *words[] = {"cannot open", "/dev/null:1: file is not a regular file",
			       "no *.xml file in this folder"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct suite_spec spec = {.extra = &paths[i], .n_extra = 1};
		const struct suite *suite;
		struct err err = {0};
		ck_assert_int_eq(suite_load(&arena, &spec, &suite, &err), RC_INPUT);
		ck_assert_msg(strstr(err.text, words[i]), "%s", err.text);
	}
}
END_TEST

/* The promise: names beside numbers, so that ten thousand scenarios are read while nobody waits. */
START_TEST(many_scenarios)
{
	const struct suite *suite;
	struct err err = {0};
	struct buf b;
	buf_init(&b, XML_MAX_BYTES);
	buf_adds(&b, "<suite" NS ">" VALID);
	for (int i = 0; i < 10000; i++)
		buf_addf(
		    &b,
		    "<scenario id=\"s-%d\" severity=\"high\"><title>Scenario %d</title>" CELLS
		    "<axis name=\"method\" values=\"GET HEAD\"/><script><connect id=\"c\"/>"
		    "<request id=\"r\" on=\"c\" method=\"{method}\"/></script>"
		    "<expect of=\"r\" decision=\"as-condition\"/><never event=\"late-request\" on=\"c\"/></scenario>\n",
		    i, i);
	buf_adds(&b, "</suite>");
	ck_assert(!b.overflow);
	uint64_t before = clock_cpu_us();
	enum rc rc = load_bytes(&arena, "many.xml", b.data, b.len, &suite, &err);
	uint64_t used = clock_cpu_us() - before;
	buf_fini(&b);
	ck_assert_msg(rc == RC_OK, "%s", err.text);
	ck_assert_uint_eq(suite->n_scenarios, 10000);
	ck_assert_uint_lt(used, 2000000); /* sanitizers are slow; 0.2 s without */
	ck_assert_str_eq(suite->scenarios[9999].id, "s-9999");
	ck_assert_int_eq(suite->scenarios[9999].where.line, 10000);
}
END_TEST

START_TEST(values_of_a_scenario)
{
	const struct suite *suite;
	struct err err = {0};
	static const char text[] = SUITE(
	    "<requirement id=\"R-1\" section=\"s\" level=\"MUST\"> a\n  b </requirement>" VALID
	    "<scenario id=\"a\" severity=\"critical\" impact=\"state\" needs=\"echo\" clause=\"R-1\" formerly=\"old\">"
	    "<title> Two\n words </title><matrix tls=\"1.2 1.3\" negotiation=\"by-name\" http=\"1.1 2\" "
	    "client=\"willing browser\"/>"
	    "<axis name=\"size\" values=\"1 limit+1\"/>"
	    "<script><connect id=\"c\" name=\"open\"/><request id=\"r\" body=\"{size}\"><header name=\"A\" "
	    "value=\"b\"/></request>"
	    "<save session=\"t\"/></script><given session=\"t\"/>"
	    "<expect decision=\"anonymous reject\" phase=\"late response\" signal=\"http:4?? reset\" level=\"should\"/>"
	    "<never event=\"resumed\" when=\"tls=1.2 size=1|limit+1\" clause=\"R-1\"/><clause id=\"R-1\" "
	    "when=\"http=2\"/></scenario>");
	ck_assert_msg(load_bytes(&arena, "x/theme.xml", text, sizeof text - 1, &suite, &err) == RC_OK, "%s", err.text);
	const struct scenario *s = &suite->scenarios[0];
	ck_assert_str_eq(s->suite, "theme");
	ck_assert_str_eq(s->title, "Two words");
	ck_assert_str_eq(suite->requirements[0].text, "a b");
	ck_assert_uint_eq(s->tls, BIT(TLS_1_2) | BIT(TLS_1_3));
	ck_assert_uint_eq(s->client, BIT(CLIENT_WILLING) | BIT(CLIENT_BROWSER));
	ck_assert_int_eq(s->impact, IMPACT_STATE);
	ck_assert_ptr_null(s->conditions);
	ck_assert_uint_eq(s->axes[0].n, 2);
	ck_assert_uint_eq(s->n_steps, 3);
	ck_assert_int_eq(s->steps[2].verb, VERB_SAVE);
	ck_assert_uint_eq(s->steps[1].n_headers, 1);
	ck_assert_uint_eq(s->expects[0].decision, BIT(DECISION_ANONYMOUS) | BIT(DECISION_REJECT));
	ck_assert_uint_eq(s->expects[0].phases, BIT(PHASE_LATE) | BIT(PHASE_RESPONSE));
	ck_assert_int_eq(s->expects[0].level, LEVEL_SHOULD);
	ck_assert_uint_eq(s->nevers[0].when.n, 2);
	ck_assert_str_eq(s->nevers[0].when.terms[1].pattern, "1|limit+1");
	ck_assert_uint_eq(s->n_clauses, 1);
	ck_assert(!s->default_script);
}
END_TEST

START_TEST(default_script_and_client)
{
	const struct suite *suite;
	struct err err = {0};
	static const char text[] = SCENARIO(MATRIX REJECT);
	ck_assert_msg(load_bytes(&arena, "f.xml", text, sizeof text - 1, &suite, &err) == RC_OK, "%s", err.text);
	const struct scenario *s = &suite->scenarios[0];
	ck_assert(s->default_script);
	ck_assert_uint_eq(s->n_steps, 2);
	ck_assert_int_eq(s->steps[0].verb, VERB_CONNECT);
	ck_assert_int_eq(s->steps[1].verb, VERB_REQUEST);
	ck_assert_uint_eq(s->client, BIT(CLIENT_WILLING));
	ck_assert_int_eq(LOAD_MAX_AXES, PLAN_MAX_AXES);
}
END_TEST

static const char *known(const void *context, const char *key)
{
	(void)context;
	return strcmp(key, "size") == 0 ? "12" : strcmp(key, "empty") == 0 ? "" : NULL;
}

START_TEST(expanded_values)
{
	static const struct {
		const char *text, *want;
	} rows[] = {{"", ""},
		    {"plain", "plain"},
		    {"{size}", "12"},
		    {"a{size}b{size}c", "a12b12c"},
		    {"{size}{empty}{size}", "1212"},
		    {"{nobody}", ""},
		    {"{\"a\": {size}} { } {", "{\"a\": 12} { } {"},
		    {"{{size}}", "{12}"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(value_expand(&arena, rows[i].text, known, NULL), rows[i].want);
}
END_TEST

START_TEST(body_sizes)
{
	static const struct {
		const char *text;
		bool legal;
		uint64_t bytes;
	} rows[] = {
	    {"0", true, 0},	    {"49152", true, 49152}, {"48k", true, 49152},  {"2m", true, 2 << 20},
	    {"limit", true, 100},   {"limit+1", true, 101}, {"limit-1", true, 99}, {"limit+1k", true, 1124},
	    {"limit-200", true, 0}, {"", false, 0},	    {"k", false, 0},	   {"1g", false, 0},
	    {"limits", false, 0},   {"limit+", false, 0},   {"-1", false, 0},	   {"99999999999999999999", false, 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t bytes = 0;
		ck_assert_msg(body_size_parse(rows[i].text, 100, &bytes) == rows[i].legal, "%s", rows[i].text);
		if (rows[i].legal)
			ck_assert_uint_eq(bytes, rows[i].bytes);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *s = suite_create("load");
	TCase *t = tcase_create("load");
	tcase_add_checked_fixture(t, init, fini);
	tcase_add_loop_test(t, bad_inputs, 0, sizeof inputs / sizeof *inputs);
	tcase_add_test(t, bytes_behind_the_end);
	tcase_add_test(t, huge_file);
	tcase_add_test(t, missing_and_odd_files);
	tcase_add_test(t, many_scenarios);
	tcase_add_test(t, values_of_a_scenario);
	tcase_add_test(t, default_script_and_client);
	tcase_add_test(t, body_sizes);
	tcase_add_test(t, expanded_values);
	suite_add_tcase(s, t);
	return s;
}
