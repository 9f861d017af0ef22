package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

// Orders pairs of versions, one a line with a tab between, as Go does: -1, 0, 1, or ? where one of them is none.
func orderVersions([]string) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), "\t")
		if !semver.IsValid(a) || !semver.IsValid(b) {
			fmt.Println("?")
		} else {
			fmt.Println(semver.Compare(a, b))
		}
	}
	return lines.Err()
}
