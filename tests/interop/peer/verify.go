package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func verifyProof(args []string) error {
	policyText, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	proof, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	policy, err := torchwood.ParsePolicy(policyText)
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	leaf, err := torchwood.ProofExtraData(proof)
	if err != nil {
		return err
	}
	return torchwood.VerifyProof(policy, tlog.RecordHash(leaf), proof)
}

// openWith opens a note with all the verifiers, each of which must have signed it.
func openWith(path string, verifiers []note.Verifier) (*note.Note, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n, err := note.Open(bytes, note.VerifierList(verifiers...))
	if err != nil {
		return nil, err
	}
	if len(n.Sigs) != len(verifiers) {
		return nil, fmt.Errorf("%d of %d keys signed", len(n.Sigs), len(verifiers))
	}
	return n, nil
}

func verifyNote(args []string) error {
	var verifiers []note.Verifier
	for _, vkey := range args[1:] {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, v)
	}
	n, err := openWith(args[0], verifiers)
	if err == nil {
		fmt.Print(n.Text)
	}
	return err
}

func verifyCosigned(args []string) error {
	log, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{log}
	for _, vkey := range args[2:] {
		w, err := torchwood.NewCosignatureVerifier(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, w)
	}
	n, err := openWith(args[0], verifiers)
	if err != nil {
		return err
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err == nil {
		fmt.Printf("%s %d\n", c.Origin, c.N)
	}
	return err
}

func readLog(args []string) error {
	signed, err := os.ReadFile(filepath.Join(args[0], "checkpoint"))
	if err != nil {
		return err
	}
	v, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return err
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, http.FileServer(http.Dir(args[0])))
	fetcher, err := torchwood.NewTileFetcher("http://" + listener.Addr().String())
	if err != nil {
		return err
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	all := sha256.New()
	count := int64(0)
	for _, entry := range client.AllEntries(context.Background(), c.Tree, 0) {
		all.Write(entry)
		count++
	}
	if err := client.Err(); err != nil {
		return err
	}
	if count != c.N {
		return fmt.Errorf("read %d of %d entries", count, c.N)
	}
	fmt.Printf("%d %x\n", count, all.Sum(nil))
	return nil
}
