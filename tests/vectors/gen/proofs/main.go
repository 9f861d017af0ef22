// Writes tests/vectors/proofs.txt: roots, inclusion and consistency proofs by Go's sumdb/tlog, and offline proofs under
// policies with the verdict of torchwood. Run it as: go run . > ../../proofs.txt
//
// The keys are made from fixed seeds: they are for tests and protect nothing. Only their public halves are written.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

const head = `# Trees and offline proofs by Go. Written by tests/vectors/gen/proofs (go run .), with golang.org/x/mod v0.33.0
# (sumdb/tlog) and filippo.io/torchwood v0.9.0, by Go 1.26. Keys are for tests only. Entry number i is the text
# "entry i". Hashes are in base64. In values \n is a newline, \\ a backslash, \xNN any other byte.
#   root SIZE HASH
#   inclusion SIZE INDEX HASH...
#   consistency OLD-SIZE NEW-SIZE HASH...
#   case NAME
#   entry BYTES                 the leaf that the proof is for
#   policy BYTES
#   proof BYTES
#   go VERDICT                  accepted | refused | policy (the policy was refused)
#   accord VERDICT REASON       only where C2SP's text asks for another answer than torchwood's
# An empty line ends a case.
`

const origin = "log.example/proofs"

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

type tree struct{ hashes []tlog.Hash }

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = t.hashes[x]
	}
	return out, nil
}

func entry(i int64) []byte { return fmt.Appendf(nil, "entry %d", i) }

func newTree(size int64) *tree {
	t := &tree{}
	for i := range size {
		t.hashes = append(t.hashes, must(tlog.StoredHashes(i, entry(i), t))...)
	}
	return t
}

func printTrees(t *tree, sizes []int64) {
	for _, size := range sizes {
		fmt.Printf("root %d %s\n", size, must(tlog.TreeHash(size, t)))
		seen := map[int64]bool{}
		for _, i := range []int64{0, 1, size / 3, size / 2, size - 2, size - 1} {
			if i < 0 || i >= size || seen[i] {
				continue
			}
			seen[i] = true
			fmt.Printf("inclusion %d %d", size, i)
			for _, h := range must(tlog.ProveRecord(size, i, t)) {
				fmt.Printf(" %s", h)
			}
			fmt.Println()
			if i == 0 {
				continue
			}
			fmt.Printf("consistency %d %d", i, size)
			for _, h := range must(tlog.ProveTree(size, i, t)) {
				fmt.Printf(" %s", h)
			}
			fmt.Println()
		}
	}
	fmt.Println()
}

// A key of type 0x01 or 0x04.
type key struct {
	name    string
	kind    byte
	private ed25519.PrivateKey
}

func newKey(name string, kind byte, seed string) key {
	hash := sha256.Sum256([]byte("accord test key: " + seed))
	return key{name, kind, ed25519.NewKeyFromSeed(hash[:])}
}

func (k key) typed() []byte { return append([]byte{k.kind}, k.private.Public().(ed25519.PublicKey)...) }

func (k key) id() []byte {
	hash := sha256.Sum256(append([]byte(k.name+"\n"), k.typed()...))
	return hash[:4]
}

func (k key) vkey() string {
	return fmt.Sprintf("%s+%x+%s", k.name, k.id(), base64.StdEncoding.EncodeToString(k.typed()))
}

func (k key) line(text string, time uint64) string {
	payload := k.id()
	if k.kind == 4 {
		payload = binary.BigEndian.AppendUint64(payload, time)
		text = fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
	}
	payload = append(payload, ed25519.Sign(k.private, []byte(text))...)
	return fmt.Sprintf("— %s %s\n", k.name, base64.StdEncoding.EncodeToString(payload))
}

var (
	logKey   = newKey(origin, 1, "log")
	otherLog = newKey("log.example/other", 1, "other log")
	twinLog  = newKey(origin, 1, "second key of the log")
	alias    = newKey("log.example/alias", 1, "log")
	stranger = newKey("stranger.example", 1, "stranger")
	w        = []key{newKey("w0.example", 4, "w0"), newKey("w1.example/long-name", 4, "w1"), newKey("w2.example", 4, "w2"),
		newKey("w3.example", 4, "w3"), newKey("w3.example/again", 4, "w3")}
)

// What one case is made of; each case changes a part of the plain one.
type parts struct {
	entry      []byte
	policy     string
	index      int64
	extra      []byte
	withExtra  bool
	proof      tlog.RecordProof
	checkpoint string
	signatures string
	edit       func(proof string) string
	accord     string
	reason     string
}

func policyOf(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func witness(i int) string { return fmt.Sprintf("witness w%d %s", i, w[i].vkey()) }

func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\\':
			b.WriteString(`\\`)
		case c < 0x20 || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func verdict(p parts, proof string) string {
	policy, err := torchwood.ParsePolicy([]byte(p.policy))
	if err != nil {
		return "policy"
	}
	if torchwood.VerifyProof(policy, tlog.RecordHash(p.entry), []byte(proof)) != nil {
		return "refused"
	}
	return "accepted"
}

func printCase(name string, p parts) {
	format := torchwood.FormatProof(p.index, p.proof, []byte(p.checkpoint+"\n"+p.signatures))
	if p.withExtra {
		format = torchwood.FormatProofWithExtraData(p.index, p.extra, p.proof, []byte(p.checkpoint+"\n"+p.signatures))
	}
	proof := string(format)
	if p.edit != nil {
		edited := p.edit(proof)
		if edited == proof {
			log.Fatalf("%s: the edit changes nothing", name)
		}
		proof = edited
	}
	fmt.Printf("case %s\nentry %s\npolicy %s\nproof %s\n", name, escape(string(p.entry)), escape(p.policy), escape(proof))
	said := verdict(p, proof)
	fmt.Printf("go %s\n", said)
	if p.accord != "" {
		if p.accord == said {
			log.Fatalf("%s: accord's verdict is Go's", name)
		}
		fmt.Printf("accord %s %s\n", p.accord, p.reason)
	}
	fmt.Println()
}

func replace(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

func main() {
	fmt.Print(head)
	t := newTree(70000)
	printTrees(t, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 31, 64, 65, 100, 127, 128, 129, 255, 256, 257, 1000, 1024,
		4097, 65536, 70000})

	const size, index = 1000, 613
	text := func(size int64) string {
		return fmt.Sprintf("%s\n%d\n%s\n", origin, size, must(tlog.TreeHash(size, t)))
	}
	signed := func(text string, keys ...key) string {
		var s string
		for i, k := range keys {
			s += k.line(text, 1700000000+uint64(i))
		}
		return s
	}
	plain := func() parts {
		return parts{
			entry: entry(index),
			index: index,
			policy: policyOf("log "+logKey.vkey(), witness(0), witness(1), witness(2), "group g 2 w0 w1 w2",
				"quorum g"),
			proof:      must(tlog.ProveRecord(size, index, t)),
			checkpoint: text(size),
			signatures: signed(text(size), logKey, w[0], w[1], w[2]),
		}
	}
	add := func(name string, change func(p *parts)) {
		p := plain()
		change(&p)
		printCase(name, p)
	}
	differs := func(p *parts, verdict, reason string) { p.accord, p.reason = verdict, reason }

	add("plain", func(p *parts) {})
	add("extra", func(p *parts) { p.extra, p.withExtra = entry(index), true })
	add("extra-empty", func(p *parts) { p.withExtra = true })
	add("quorum-just-met", func(p *parts) { p.signatures = signed(text(size), logKey, w[2], w[0]) })
	add("quorum-missed", func(p *parts) { p.signatures = signed(text(size), logKey, w[2]) })
	add("log-did-not-sign", func(p *parts) { p.signatures = signed(text(size), w[0], w[1], w[2]) })
	add("stranger-signed-too", func(p *parts) { p.signatures = signed(text(size), stranger, logKey, w[0], w[1]) })
	add("stranger-signed-wrongly", func(p *parts) {
		p.signatures = signed("another", stranger) + signed(text(size), logKey, w[0], w[1])
	})
	add("witness-signed-another", func(p *parts) {
		p.signatures = signed(text(size), logKey, w[0], w[1]) + signed(text(size-1), w[2])
	})
	add("log-signed-another", func(p *parts) { p.signatures = signed(text(size-1), logKey) + signed(text(size), w[0], w[1]) })
	add("same-witness-twice", func(p *parts) { p.signatures = signed(text(size), logKey, w[0], w[0]) })
	add("other-entry", func(p *parts) { p.entry = entry(index + 1) })
	add("other-index", func(p *parts) { p.index++ })
	add("index-is-size", func(p *parts) { p.index = size })
	add("hash-missing", func(p *parts) { p.proof = p.proof[:len(p.proof)-1] })
	add("hash-too-many", func(p *parts) { p.proof = append(p.proof, p.proof[0]) })
	add("hash-changed", func(p *parts) { p.proof[3][31] ^= 1 })
	add("hashes-swapped", func(p *parts) { p.proof[0], p.proof[1] = p.proof[1], p.proof[0] })
	add("tree-of-one", func(p *parts) {
		p.entry, p.index, p.proof, p.checkpoint = entry(0), 0, nil, text(1)
		p.signatures = signed(text(1), logKey, w[0], w[1])
	})
	add("tree-of-none", func(p *parts) {
		p.entry, p.index, p.proof, p.checkpoint = entry(0), 0, nil, text(0)
		p.signatures = signed(text(0), logKey, w[0], w[1])
	})
	add("extension-lines", func(p *parts) {
		p.checkpoint += "an extension\nand another\n"
		p.signatures = signed(p.checkpoint, logKey, w[0], w[1])
	})

	add("header-other-version", func(p *parts) { p.edit = replace("@v1", "@v2") })
	add("header-crlf", func(p *parts) { p.edit = replace("@v1\n", "@v1\r\n") })
	add("header-empty-line-before", func(p *parts) { p.edit = func(s string) string { return "\n" + s } })
	add("everything-crlf", func(p *parts) {
		p.edit = func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	})
	add("index-missing", func(p *parts) { p.edit = replace("index 613\n", "") })
	add("index-negative", func(p *parts) { p.edit = replace("index 613", "index -613") })
	add("index-plus", func(p *parts) {
		p.edit = replace("index 613", "index +613")
		differs(p, "refused", "tlog-proof: an ASCII decimal")
	})
	add("index-leading-zero", func(p *parts) {
		p.edit = replace("index 613", "index 0613")
		differs(p, "refused", "tlog-proof: no leading zeroes")
	})
	add("index-two-spaces", func(p *parts) { p.edit = replace("index 613", "index  613") })
	add("index-space-after", func(p *parts) { p.edit = replace("index 613", "index 613 ") })
	add("index-too-large", func(p *parts) { p.edit = replace("index 613", "index 18446744073709552229") })
	add("extra-after-index", func(p *parts) { p.edit = replace("index 613\n", "index 613\nextra AAAA\n") })
	add("extra-twice", func(p *parts) { p.edit = replace("index 613\n", "extra AAAA\nextra AAAA\nindex 613\n") })
	add("extra-not-base64", func(p *parts) { p.edit = replace("index 613\n", "extra AAA\nindex 613\n") })
	add("extra-without-space", func(p *parts) { p.edit = replace("index 613\n", "extra\nindex 613\n") })
	add("extra-url-base64", func(p *parts) { p.edit = replace("index 613\n", "extra __-_\nindex 613\n") })
	add("extra-unused-bits", func(p *parts) {
		p.edit = replace("index 613\n", "extra AB==\nindex 613\n")
		differs(p, "refused", "accord: one meaning has one encoding")
	})
	add("extra-carriage-return", func(p *parts) {
		p.edit = replace("index 613\n", "extra AAAA\r\nindex 613\n")
		differs(p, "refused", "RFC 4648, 3.3: characters outside the alphabet MUST be rejected")
	})
	first := must(tlog.ProveRecord(size, index, t))[0].String()
	add("hash-carriage-return", func(p *parts) {
		p.edit = replace(first, first+"\r")
		differs(p, "refused", "RFC 4648, 3.3: characters outside the alphabet MUST be rejected")
	})
	add("hash-of-31-bytes", func(p *parts) { p.edit = replace(first, base64.StdEncoding.EncodeToString(make([]byte, 31))) })
	add("hash-unused-bits", func(p *parts) {
		last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", first[42])
		p.edit = replace(first, first[:42]+string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last|1])+"=")
		differs(p, "refused", "accord: one meaning has one encoding")
	})
	add("no-empty-line", func(p *parts) { p.edit = replace("\n\n"+origin, "\n"+origin) })
	add("two-empty-lines", func(p *parts) { p.edit = replace("\n\n"+origin, "\n\n\n"+origin) })
	add("cut-before-newline", func(p *parts) { p.edit = func(s string) string { return s[:len(s)-1] } })
	add("cut-before-signatures", func(p *parts) { p.edit = func(s string) string { return s[:strings.Index(s, "—")] } })
	add("trailing-newline", func(p *parts) { p.edit = func(s string) string { return s + "\n" } })
	add("trailing-text", func(p *parts) { p.edit = func(s string) string { return s + "x" } })
	add("size-leading-zero", func(p *parts) { p.edit = replace("\n1000\n", "\n01000\n") })

	policy := func(name, verdict, reason string, lines ...string) {
		add("policy-"+name, func(p *parts) {
			p.policy = policyOf(lines...)
			if verdict != "" {
				differs(p, verdict, reason)
			}
		})
	}
	l := "log " + logKey.vkey()
	policy("none", "", "", l, "quorum none")
	policy("witness-as-quorum", "", "", l, witness(1), "quorum w1")
	policy("absent-witness-as-quorum", "", "", l, witness(3), "quorum w3")
	policy("nested", "", "", l, witness(0), witness(1), witness(2), witness(3), "group a any w0 w3", "group b all w1 w2",
		"group c all a b", "quorum c")
	policy("nested-missed", "", "", l, witness(0), witness(1), witness(2), witness(3), "group a any w0 w1",
		"group b all w2 w3", "group c 2 a b", "quorum c")
	policy("urls", "", "", l+" https://log.example/", witness(0)+" https://w0.example/", "quorum w0")
	policy("comments-and-blanks", "", "", "# a policy", "", " \t", "\t"+l, "  # indented", witness(0), "quorum \t w0 ")
	policy("other-log", "", "", "log "+otherLog.vkey(), "quorum none")
	policy("no-quorum", "", "", l)
	policy("two-quorums", "", "", l, "quorum none", "quorum none")
	policy("unknown-keyword", "", "", l, "mirror x", "quorum none")
	policy("group-zero", "", "", l, witness(0), "group g 0 w0", "quorum g")
	policy("group-more-than-members", "", "", l, witness(0), "group g 2 w0", "quorum g")
	policy("group-without-members", "", "", l, witness(0), "group g any", "quorum w0")
	policy("group-unknown-member", "", "", l, witness(0), "group g any w0 w1", witness(1), "quorum g")
	policy("group-none-member", "", "", l, witness(0), "group g any w0 none", "quorum g")
	policy("duplicate-name", "", "", l, witness(0), "group w0 any w0", "quorum w0")
	policy("log-key-as-witness", "", "", l, "witness x "+otherLog.vkey(), "quorum none")
	policy("witness-key-as-log", "", "", l, "log "+w[0].vkey(), "quorum none")
	policy("bad-key-id", "", "", l, "witness x "+strings.Replace(w[0].vkey(), "+", "+0", 1), "quorum none")
	policy("two-logs", "accepted", "tlog-policy: signed by any one of the listed logs; torchwood wants all of them", l,
		"log "+otherLog.vkey(), "quorum none")
	policy("two-keys-of-the-log", "accepted", "tlog-policy: signed by any one of the listed logs; torchwood wants all of them",
		l, "log "+twinLog.vkey(), "quorum none")
	policy("no-log", "", "", witness(0), "quorum w0")
	policy("duplicate-log", "policy", "tlog-policy: duplicate logs are not allowed", l, l, "quorum none")
	policy("duplicate-log-key", "policy", "tlog-policy: duplicate logs are not allowed", l, "log "+alias.vkey(), "quorum none")
	policy("duplicate-witness-key", "policy", "tlog-policy: duplicate witnesses are not allowed", l, witness(0), witness(3),
		witness(4), "quorum w0")
	policy("member-of-two-groups", "policy", "tlog-policy: each defined name can be listed as a group member at most once", l,
		witness(0), "group g any w0", "group h any w0", "quorum g")
	policy("member-twice", "policy", "tlog-policy: each defined name can be listed as a group member at most once", l,
		witness(0), "group g any w0 w0", "quorum g")
	policy("witness-named-none", "policy", "tlog-policy: the name none is predefined", l,
		strings.Replace(witness(0), "w0", "none", 1), "quorum none")
	policy("quorum-defined-later", "policy", "tlog-policy: the quorum line must name something defined earlier", l, "quorum w0",
		witness(0))
	policy("quorum-early", "", "", l, witness(0), "quorum w0", witness(1), "group g any w0 w1")
	policy("comment-after-items", "policy", "tlog-policy: comment lines start with #", l, "quorum none # no witnesses")
	policy("items-after-quorum", "policy", "tlog-policy: quorum <name>", l, "quorum none none")
	policy("items-after-url", "policy", "tlog-policy: log <vkey> [<url>]", l+" https://log.example/ more", "quorum none")
	policy("crlf", "policy", "tlog-policy: the only control characters are tab and newline", l+"\r", "quorum none\r")
	policy("nul-in-comment", "policy", "tlog-policy: the only control characters are tab and newline", "# \x00", l, "quorum none")
	policy("del-in-comment", "policy", "tlog-policy: the only control characters are tab and newline", "# \x7f", l, "quorum none")
	policy("unicode-blank", "policy", "tlog-policy: whitespace is ASCII space and tab only", l, "quorum\u00a0none")
	policy("threshold-plus", "policy", "tlog-policy: k must be written in decimal", l, witness(0), "group g +1 w0", "quorum g")
	policy("threshold-leading-zero", "policy", "accord: one meaning has one encoding", l, witness(0), "group g 01 w0",
		"quorum g")
	add("policy-without-last-newline", func(p *parts) {
		p.policy = strings.TrimSuffix(policyOf(l, "quorum none"), "\n")
		differs(p, "policy", "tlog-policy: each line is terminated by newline")
	})
	add("policy-empty", func(p *parts) { p.policy = "" })
}
