// peer is the other side of accord's interoperability tests: it knows the C2SP specifications through torchwood, Tessera
// and Go's sumdb/note, and nothing of accord.
package main

import (
	"fmt"
	"os"
	"strconv"
)

type command struct {
	usage string
	args  int // at least so many
	run   func(args []string) error
}

var commands = map[string]command{
	"verify-proof":   {"POLICY PROOF: verify a tlog-proof whose leaf is the bytes in its extra line", 2, verifyProof},
	"verify-note":    {"NOTE VKEY...: open a note that each of the keys must have signed; print its text", 2, verifyNote},
	"verify-cosign":  {"CHECKPOINT LOG-VKEY WITNESS-VKEY...: open a checkpoint that the log and each witness signed", 3, verifyCosigned},
	"read-log":       {"DIR VKEY: read a log directory over loopback HTTP with torchwood's client, every entry proven", 2, readLog},
	"make-proof":     {"DIR: write a proof, its policy and its entry, made by torchwood", 1, makeProof},
	"make-log":       {"DIR COUNT SIZE: write a log with Tessera's library; print its vkey and the seconds that it took", 3, makeLog},
	"serve-log":      {"DIR ADDRESS KEYFILE POLICY: serve a log of Tessera's whose checkpoints the policy's witnesses cosign", 4, serveLog},
	"order-versions": {"order pairs of versions, one a line with a tab between, as golang.org/x/mod/semver does", 0, orderVersions},
	"make-requests":  {"DIR: write add-checkpoint requests of a small log for a witness", 1, makeRequests},
}

func main() {
	if len(os.Args) >= 2 {
		if c, ok := commands[os.Args[1]]; ok && len(os.Args)-2 >= c.args {
			if err := c.run(os.Args[2:]); err != nil {
				fmt.Fprintf(os.Stderr, "peer %s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
	}
	for name, c := range commands {
		fmt.Fprintf(os.Stderr, "peer %s %s\n", name, c.usage)
	}
	os.Exit(2)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return n
}
