package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// memoryLog is a tree in memory, by sumdb/tlog alone.
type memoryLog struct {
	hashes []tlog.Hash
	size   int64
}

func (l *memoryLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = l.hashes[x]
	}
	return out, nil
}

func (l *memoryLog) add(entry []byte) error {
	hashes, err := tlog.StoredHashes(l.size, entry, l)
	if err != nil {
		return err
	}
	l.hashes = append(l.hashes, hashes...)
	l.size++
	return nil
}

func (l *memoryLog) checkpoint(signers ...note.Signer) ([]byte, error) {
	root, err := tlog.TreeHash(l.size, l)
	if err != nil {
		return nil, err
	}
	text := torchwood.Checkpoint{Origin: signers[0].Name(), Tree: tlog.Tree{N: l.size, Hash: root}}.String()
	return note.Sign(&note.Note{Text: text}, signers...)
}

func newLogKey(name string) (note.Signer, string, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, "", err
	}
	s, err := note.NewSigner(skey)
	return s, vkey, err
}

func writeFiles(dir string, files map[string][]byte) error {
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func makeProof(args []string) error {
	log, vkey, err := newLogKey("peer.example/log")
	if err != nil {
		return err
	}
	policy := &bytes.Buffer{}
	fmt.Fprintf(policy, "log %s\n", vkey)
	signers := []note.Signer{log}
	for i := 0; i < 3; i++ {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		w, err := torchwood.NewCosignatureSigner(fmt.Sprintf("witness%d.example", i), private)
		if err != nil {
			return err
		}
		signers = append(signers, w)
		fmt.Fprintf(policy, "witness w%d %s\n", i, w.Verifier().String())
	}
	fmt.Fprintf(policy, "group all 2 w0 w1 w2\nquorum all\n")
	tree := &memoryLog{}
	for i := 0; i < 300; i++ {
		if err := tree.add([]byte(fmt.Sprintf("entry %d\n", i))); err != nil {
			return err
		}
	}
	checkpoint, err := tree.checkpoint(signers...)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveRecord(tree.size, 137, tree)
	if err != nil {
		return err
	}
	return writeFiles(args[0], map[string][]byte{
		"policy":           policy.Bytes(),
		"entry":            []byte("entry 137\n"),
		"checkpoint":       checkpoint,
		"vkey":             []byte(vkey),
		"proof":            torchwood.FormatProof(137, proof, checkpoint),
		"proof-with-extra": torchwood.FormatProofWithExtraData(137, []byte("entry 137\n"), proof, checkpoint),
	})
}

// addRequest is C2SP tlog-witness's add-checkpoint body.
func (l *memoryLog) addRequest(old int64, signer note.Signer) ([]byte, error) {
	out := &bytes.Buffer{}
	fmt.Fprintf(out, "old %d\n", old)
	if old > 0 && old < l.size {
		proof, err := tlog.ProveTree(l.size, old, l)
		if err != nil {
			return nil, err
		}
		for _, hash := range proof {
			fmt.Fprintln(out, base64.StdEncoding.EncodeToString(hash[:]))
		}
	}
	checkpoint, err := l.checkpoint(signer)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "\n%s", checkpoint)
	return out.Bytes(), nil
}

func makeRequests(args []string) error {
	signer, vkey, err := newLogKey("peer.example/log")
	if err != nil {
		return err
	}
	files := map[string][]byte{"vkey": []byte(vkey)}
	tree, fork := &memoryLog{}, &memoryLog{}
	for i := 0; i < 700; i++ {
		if err := tree.add([]byte(fmt.Sprintf("entry %d\n", i))); err != nil {
			return err
		}
		if err := fork.add([]byte(fmt.Sprintf("entry %d of the fork\n", i))); err != nil {
			return err
		}
		var name string
		var old int64
		switch i {
		case 2:
			name, old = "first", 0
		case 299:
			name, old = "second", 3
		case 699:
			name, old = "third", 300
		default:
			continue
		}
		if files[name], err = tree.addRequest(old, signer); err != nil {
			return err
		}
		if files["fork-"+name], err = fork.addRequest(old, signer); err != nil {
			return err
		}
	}
	return writeFiles(args[0], files)
}

func makeLog(args []string) error {
	dir, count, size := args[0], number(args[1]), number(args[2])
	signer, vkey, err := newLogKey("peer.example/log")
	if err != nil {
		return err
	}
	ctx := context.Background()
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		return err
	}
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(time.Second).
		WithBatching(4096, 100*time.Millisecond).
		WithPushback(1<<20))
	if err != nil {
		return err
	}
	start := time.Now()
	const writers = 64
	var wait sync.WaitGroup
	failures := make(chan error, writers)
	for w := 0; w < writers; w++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			pending := make([]tessera.IndexFuture, 0, 4096)
			for i := w; i < count; i += writers {
				entry := make([]byte, size)
				copy(entry, fmt.Sprintf("entry %d ", i))
				pending = append(pending, appender.Add(ctx, tessera.NewEntry(entry)))
				if len(pending) == cap(pending) || i+writers >= count {
					for _, future := range pending {
						if _, err := future(); err != nil {
							failures <- err
							return
						}
					}
					pending = pending[:0]
				}
			}
		}()
	}
	wait.Wait()
	added := time.Since(start)
	if err := shutdown(ctx); err != nil {
		return err
	}
	select {
	case err := <-failures:
		return err
	default:
	}
	fmt.Printf("%s %.3f %.3f\n", vkey, added.Seconds(), time.Since(start).Seconds())
	return nil
}
