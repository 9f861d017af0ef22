// Writes tests/vectors/notes.txt: signed notes, checkpoints and cosignatures, whole and damaged, each with the verdict
// of Go's sumdb/note, torchwood and mldsa. Run it as: go run . > ../../notes.txt
//
// The keys are made from fixed seeds: they are for tests and protect nothing. Only their public halves are written.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"filippo.io/mldsa"
	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

const head = `# Notes, checkpoints and cosignatures with the verdict of Go. Written by tests/vectors/gen/notes (go run .), with
# golang.org/x/mod v0.33.0 (sumdb/note), filippo.io/torchwood v0.9.0 and filippo.io/mldsa v1.0.0, by Go 1.26.
# Keys are for tests only. In values \n is a newline, \\ a backslash, \xNN any other byte.
#   case NAME
#   what note | checkpoint      whether the text must be a checkpoint's
#   vkey VKEY                   a key that is known; any number
#   bytes NOTE
#   go VERDICT                  accepted | malformed | invalid-signature | unverified
#   accord VERDICT REASON       only where accord means to be stricter or wider than Go
#   by VKEY-PLACE TIMESTAMP     who signed; the timestamp is 0 for type 0x01; only where go says accepted
`

// A key of one type: it signs, and Go's own verifier for it judges.
type key struct {
	vkey     string
	name     string
	id       uint32
	timed    bool
	sign     func(text string) []byte // what follows the id
	verifier note.Verifier
}

type funcVerifier struct {
	name   string
	id     uint32
	verify func(text, sig []byte) bool
}

func (v funcVerifier) Name() string               { return v.name }
func (v funcVerifier) KeyHash() uint32            { return v.id }
func (v funcVerifier) Verify(text, s []byte) bool { return v.verify(text, s) }

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func seed(name string) []byte {
	sum := sha256.Sum256([]byte("accord test vectors, not a secret: " + name))
	return sum[:]
}

func plain(name string) key {
	skey, vkey, err := note.GenerateKey(bytes.NewReader(seed(name)), name)
	if err != nil {
		log.Fatal(err)
	}
	signer := must(note.NewSigner(skey))
	return key{vkey, name, signer.KeyHash(), false, func(text string) []byte {
		return must(signer.Sign([]byte(text)))
	}, must(note.NewVerifier(vkey))}
}

// torchwood's signer takes the time from the clock; vectors need a fixed one, so the message is made here and
// torchwood's verifier judges it.
func cosigner(name string, timestamp uint64) key {
	private := ed25519.NewKeyFromSeed(seed(name))
	made := must(torchwood.NewCosignatureSigner(name, private))
	vkey := made.Verifier().String()
	return key{vkey, name, made.KeyHash(), true, func(text string) []byte {
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", timestamp, text)
		return append(binary.BigEndian.AppendUint64(nil, timestamp), ed25519.Sign(private, []byte(message))...)
	}, must(torchwood.NewCosignatureVerifier(vkey))}
}

func subtreeMessage(name, text string, timestamp uint64) []byte {
	c, err := torchwood.ParseCheckpoint(text)
	if err != nil || len(c.Origin) > 255 {
		return nil
	}
	m := []byte("subtree/v1\n\x00")
	m = append(append(m, byte(len(name))), name...)
	m = binary.BigEndian.AppendUint64(m, timestamp)
	m = append(append(m, byte(len(c.Origin))), c.Origin...)
	m = binary.BigEndian.AppendUint64(m, 0)
	m = binary.BigEndian.AppendUint64(m, uint64(c.N))
	return append(m, c.Hash[:]...)
}

func mldsaCosigner(name string, timestamp uint64) key {
	private := must(mldsa.NewPrivateKey(mldsa.MLDSA44(), seed(name)))
	public := private.PublicKey()
	typed := append([]byte{6}, public.Bytes()...)
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	id := binary.BigEndian.Uint32(sum[:])
	vkey := fmt.Sprintf("%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(typed))
	return key{vkey, name, id, true, func(text string) []byte {
		sig := must(private.SignDeterministic(subtreeMessage(name, text, timestamp), nil))
		return append(binary.BigEndian.AppendUint64(nil, timestamp), sig...)
	}, funcVerifier{name, id, func(text, sig []byte) bool {
		if len(sig) != 8+2420 {
			return false
		}
		message := subtreeMessage(name, string(text), binary.BigEndian.Uint64(sig))
		return message != nil && mldsa.Verify(public, message, sig[8:], nil) == nil
	}}}
}

func line(k key, signature []byte) string {
	blob := append(binary.BigEndian.AppendUint32(nil, k.id), signature...)
	return "\u2014 " + k.name + " " + base64.StdEncoding.EncodeToString(blob) + "\n"
}

func signed(text string, keys ...key) string {
	whole := text + "\n"
	for _, k := range keys {
		whole += line(k, k.sign(text))
	}
	return whole
}

func escape(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\\':
			b.WriteString(`\\`)
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for i := 0; i < size; i++ {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

func textOf(whole string) (string, bool) {
	_, err := note.Open([]byte(whole), nil)
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return "", false
	}
	return unverified.Note.Text, true
}

// What Go says, and who signed.
func judge(what, whole string, keys []key) (verdict string, by []string) {
	text, ok := textOf(whole)
	if !ok {
		return "malformed", nil
	}
	if what == "checkpoint" {
		if c, err := torchwood.ParseCheckpoint(text); err != nil || c.Origin == "" || c.String() != text {
			return "malformed", nil
		}
	}
	var verifiers []note.Verifier
	for _, k := range keys {
		verifiers = append(verifiers, k.verifier)
	}
	opened, err := note.Open([]byte(whole), note.VerifierList(verifiers...))
	var invalid *note.InvalidSignatureError
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &invalid):
		return "invalid-signature", nil
	case errors.As(err, &unverified):
		return "unverified", nil
	case err != nil:
		return "malformed", nil
	}
	for place, k := range keys {
		for _, s := range opened.Sigs {
			if s.Name != k.name || s.Hash != k.id {
				continue
			}
			timestamp := int64(0)
			if k.timed {
				if timestamp, err = torchwood.CosignatureTimestamp(s); err != nil {
					return "invalid-signature", nil
				}
			}
			by = append(by, fmt.Sprintf("by %d %d", place, timestamp))
		}
	}
	return "accepted", by
}

func emit(name, what, whole string, accord string, keys ...key) {
	fmt.Printf("\ncase %s\nwhat %s\n", name, what)
	for _, k := range keys {
		fmt.Printf("vkey %s\n", k.vkey)
	}
	verdict, by := judge(what, whole, keys)
	fmt.Printf("bytes %s\ngo %s\n", escape(whole), verdict)
	if accord != "" {
		fmt.Printf("accord %s\n", accord)
	}
	for _, b := range by {
		fmt.Println(b)
	}
}

func notes() {
	a, b, u := plain("example.com/a"), plain("example.com/b"), plain("örtlich.example/Größe-鍵")
	long := plain(strings.Repeat("n", 300))
	const text = "This is an example message.\n"
	one := signed(text, a)
	n := func(name, whole string, keys ...key) { emit(name, "note", whole, "", keys...) }

	n("one-signer", one, a)
	n("unicode-name", signed("Größe\n", u), u)
	n("two-signers", signed(text, a, b), a, b)
	n("two-signers-one-known", signed(text, a, b), b)
	n("nobody-known", signed(text, a, b), u)
	n("blank-lines-in-text", signed("first\n\nthird\n\n\nsixth\n", a, u), a, u)
	n("text-ends-in-blank-line", signed("first\n\n", a), a)
	n("text-is-one-newline", signed("\n", a), a)
	n("text-has-signature-like-lines", signed("x\n\n"+line(b, b.sign("x\n"))+"\n", a), a, b)
	n("stranger-with-long-name", signed(text, a, long), a)
	n("other-text", signed("Another message.\n", a), a)
	n("tampered-text", strings.Replace(one, "example", "exbmple", 1), a)
	n("no-empty-text", "\n"+line(a, a.sign("")), a)
	n("same-line-twice", one+line(a, a.sign(text)), a)
	n("first-line-of-a-key-counts-good", one+line(a, b.sign(text)), a)
	n("first-line-of-a-key-counts-bad", text+"\n"+line(a, b.sign(text))+line(a, a.sign(text)), a)
	n("bad-and-good-signers", text+"\n"+line(a, b.sign(text))+line(b, b.sign(text)), a, b)
	n("signature-too-short", text+"\n"+line(a, a.sign(text)[:63]), a)
	n("signature-too-long", text+"\n"+line(a, append(a.sign(text), 0)), a)
	n("id-and-one-byte", text+"\n"+line(a, []byte{0}), b)
	n("id-alone", text+"\n"+line(a, nil), b)
	n("name-known-id-not", text+"\n"+line(key{name: a.name, id: a.id + 1}, a.sign(text)), a)
	n("id-known-name-not", text+"\n"+line(key{name: "other", id: a.id}, a.sign(text)), a)
	n("high-bit-s", text+"\n"+line(a, flip(a.sign(text), 63, 0x80)), a)
	n("no-final-newline", strings.TrimSuffix(one, "\n"), a)
	n("blank-line-after", one+"\n", a)
	n("junk-after", one+"junk\n", a)
	n("no-blank-line", text+line(a, a.sign(text)), a)
	n("no-signature", text+"\n", a)
	n("empty", "", a)
	n("crlf", strings.ReplaceAll(one, "\n", "\r\n"), a)
	n("cr-in-base64", strings.Replace(one, "=\n", "=\r\n", 1), a)
	n("tab-in-text", signed("a\tb\n", a), a)
	n("nul-in-text", signed("a\x00b\n", a), a)
	n("delete-in-text", signed("a\x7fb\n", a), a)
	n("c1-control-in-text", signed("a\u0080b\n", a), a)
	n("invalid-utf8", signed("a\xffb\n", a), a)
	n("surrogate", signed("a\xed\xa0\x80b\n", a), a)
	n("overlong", signed("a\xc0\xafb\n", a), a)
	n("replacement-character", signed("a\ufffdb\n", a), a)
	n("beyond-unicode", signed("a\xf4\x90\x80\x80b\n", a), a)
	n("hyphen-for-dash", strings.Replace(one, "\u2014", "-", 1), a)
	n("two-spaces", strings.Replace(one, "/a ", "/a  ", 1), a)
	n("space-at-end", strings.Replace(one, "=\n", "= \n", 1), a)
	n("plus-in-name", text+"\n"+line(key{name: "a+b", id: 1}, a.sign(text)), a)
	n("empty-name", text+"\n"+line(key{name: "", id: 1}, a.sign(text)), a)
	for _, r := range "\u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u180e\ufeff" {
		n(fmt.Sprintf("name-with-U+%04X", r), one+line(key{name: "x" + string(r) + "y", id: 1}, a.sign(text)), a)
	}
	n("url-base64", text+"\n"+strings.NewReplacer("+", "-").Replace(line(key{name: "x", id: 0xfbefbefb}, a.sign(text))), a)
	n("no-padding", strings.Replace(one, "=\n", "\n", 1), a)
	emit("loose-base64", "note", loosen(one), "malformed base64 has one encoding", a)
	many := one
	for i := 1; i < 100; i++ {
		many += line(key{name: "x", id: uint32(i)}, []byte{1})
	}
	n("a-hundred-lines", many, a)
	emit("a-hundred-and-one-lines", "note", many+line(b, []byte{1}), "accepted accord takes 512 lines", a)
}

func flip(b []byte, at int, bits byte) []byte {
	b[at] ^= bits
	return b
}

// Sets the unused bits of the last base64 digit of a note that ends in one padding character.
func loosen(whole string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if !strings.HasSuffix(whole, "=\n") || strings.HasSuffix(whole, "==\n") {
		log.Fatal("not one padding character")
	}
	at := len(whole) - 3
	next := digits[strings.IndexByte(digits, whole[at])+1]
	return whole[:at] + string(next) + whole[at+1:]
}

func checkpoints() {
	const root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
	const text = "example.com/behind-the-sofa\n20852163\n" + root + "\n"
	const when = 1679315147
	l := plain("example.com/behind-the-sofa")
	w1, w2 := cosigner("witness.example.com/w1", when), cosigner("witness.example.org/zwei-鍵", when+1)
	c := func(name, whole string, keys ...key) { emit(name, "checkpoint", whole, "", keys...) }

	c("log-and-two-witnesses", signed(text, l, w1, w2), l, w1, w2)
	c("witness-first", signed(text, w1, l), l, w1)
	c("witness-alone", signed(text, w1), w1)
	c("extension-lines", signed(text+"ext 1\next 2\n", l, w1), l, w1)
	c("empty-tree", signed("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", l, w1), l, w1)
	c("origin-with-spaces", signed("Go SUM database + tree\n1\n"+root+"\n", l, w1), l, w1)
	c("largest-tree", signed("o\n9223372036854775807\n"+root+"\n", l, w1), l, w1)
	c("tree-too-large", signed("o\n9223372036854775808\n"+root+"\n", l), l)
	c("size-with-zero", signed("o\n01\n"+root+"\n", l), l)
	c("size-with-sign", signed("o\n+1\n"+root+"\n", l), l)
	c("negative-size", signed("o\n-1\n"+root+"\n", l), l)
	c("empty-size", signed("o\n\n"+root+"\n", l), l)
	c("size-with-space", signed("o\n1 \n"+root+"\n", l), l)
	c("no-origin", signed("\n1\n"+root+"\n", l), l)
	c("two-lines", signed("o\n1\n", l), l)
	c("blank-extension", signed(text+"\n", l), l)
	c("blank-between-extensions", signed(text+"a\n\nb\n", l), l)
	c("short-root", signed("o\n1\n"+root[:40]+"\n", l), l)
	c("root-without-padding", signed("o\n1\n"+root[:43]+"\n", l), l)
	c("loose-root", signed("o\n1\n"+root[:42]+"J=\n", l), l)
	emit("long-origin", "checkpoint", signed(strings.Repeat("o", 256)+"\n1\n"+root+"\n", l),
		"malformed ML-DSA-44 cosignatures hold origins of at most 255 bytes", l)
	c("origin-of-255-bytes", signed(strings.Repeat("o", 255)+"\n1\n"+root+"\n", l, w1), l, w1)

	c("another-time", text+"\n"+line(w1, flip(w1.sign(text), 7, 1)), w1)
	c("time-left-out", text+"\n"+line(w1, w1.sign(text)[8:]), w1)
	c("cosignature-too-long", text+"\n"+line(w1, append(w1.sign(text), 0)), w1)
	c("another-root", strings.Replace(signed(text, l, w1), "CsUY", "DsUY", 1), w1)
	c("extension-added", strings.Replace(signed(text, l, w1), "\n\n", "\next\n\n", 1), w1)
	c("plain-signature-as-cosignature", text+"\n"+line(w1, l.sign(text)), w1)
	latest, later := cosigner("w", math.MaxInt64), cosigner("w", math.MaxInt64+1)
	c("latest-time", signed(text, latest), latest)
	c("time-too-late", signed(text, later), later)
	zero := cosigner("w", 0)
	emit("zero-time", "checkpoint", signed(text, zero), "invalid-signature accord needs the time", zero)

	m, mzero := mldsaCosigner("witness.example.net/pq", when), mldsaCosigner("witness.example.net/pq", 0)
	c("mldsa44", signed(text, l, m), l, m)
	c("mldsa44-does-not-sign-extensions", strings.Replace(signed(text, m), "\n\n", "\next\n\n", 1), m)
	c("mldsa44-another-size", strings.Replace(signed(text, m), "20852163", "20852164", 1), m)
	c("mldsa44-another-time", text+"\n"+line(m, flip(m.sign(text), 7, 1)), m)
	c("mldsa44-too-short", text+"\n"+line(m, m.sign(text)[:8+2419]), m)
	emit("mldsa44-zero-time", "checkpoint", signed(text, mzero), "invalid-signature accord needs the time", mzero)
}

func main() {
	if len(os.Args) != 1 {
		log.Fatal("usage: go run . > ../../notes.txt")
	}
	fmt.Print(head)
	notes()
	checkpoints()
}
