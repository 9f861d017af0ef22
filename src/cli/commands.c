/* The one table of commands. From it come dispatch, usage, --help, the manual pages and shell completion. */
#include "cli/commands.h"

const struct accord_command accord_commands[] = {
    {.section = "The accord",
     .name = "init",
     .operands = "DIR",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "found a new accord: charter, first roster, log",
     .description =
         "Makes DIR with the accord's log in public/ and the log's key in private/. Entry 0 is the charter, entry 1 "
         "the "
         "first roster; every founder signs both. DIR must not exist yet.\n\n"
         "The members file has a line for each member, with tabs between its columns: name, domain, jurisdiction (ISO "
         "3166-1), and for a real accord the member's public keys for release, stage and witness (vkeys) and for "
         "reports "
         "(age1...). Lines that begin with # are comments. With --founder-keys every member's release key signs from "
         "KEYS/DOMAIN/release.key; the first checkpoint then waits for the members' witnesses.\n\n"
         "With --demo-keys every member's keys are made in KEYS, and the demo's witnesses cosign in the same process, "
         "so "
         "that things can be tried without a server.",
     .example =
         "accord init my-accord --name tech-accord-2018 --members examples/tech-accord-2018.tsv --demo-keys keys\n",
     .options = accord_options_init,
     .run = accord_run_init,
     .keeps_keys = true},
    {.name = "policy",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print the newest roster as a tlog-policy file",
     .description =
         "Follows the chain from the log's charter to its newest roster and prints what any C2SP verifier needs: "
         "the accord's logs, its witnesses, a group for each jurisdiction, the quorum.",
     .example = "accord policy my-accord -o accord.policy\n",
     .options = accord_options_policy,
     .run = accord_run_policy},
    {.name = "member list",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "list who is in, with which keys, and who and what was",
     .description =
         "Follows the chain from the log's charter to its newest roster, as `accord trust pin` does, and prints it: "
         "its "
         "members, how many of their release keys must sign and how many keys they have in each role, former members, "
         "keys that were given up, logs, closed logs, the quorum. With --json every key is there.",
     .example = "accord member list my-accord\n",
     .options = accord_options_member_list,
     .run = accord_run_member_list},
    {.name = "member apply",
     .operands = "",
     .operands_min = 0,
     .operands_max = 0,
     .summary = "ask to be let in: sign the charter's digest and one's own keys",
     .description =
         "Writes an application: what the candidate's lines in the roster would be, signed by every key in it that "
         "signs statements. Anybody may make one. It binds nobody: members take it into the next roster with `accord "
         "member admit`, or do not.\n\n"
         "Each private KEY signs here and stays where it is; its public half goes in, in the ROLE release, stage, "
         "current, witness, mirror or report. Without ROLE= the key's own name decides (new.example/stage). Keys whose "
         "private half is on another machine are given with --public, and sign there with `accord member sign`.",
     .example = "accord member apply --accord https://log.example/ --domain new.example --jurisdiction FR --title New "
                "--key release.key --key stage.key --key witness.key --url witness=https://witness.new.example/ -o "
                "new.apply\n",
     .options = accord_options_member_apply,
     .run = accord_run_member_apply,
     .keeps_keys = true},
    {.name = "member rotate",
     .operands = "",
     .operands_min = 0,
     .operands_max = 0,
     .summary = "ask that a member's keys change: one or many, at any time",
     .description =
         "Writes an application with the lines that the member has now and these changes: private keys and --public "
         "keys that it does not have are added (a witness or mirror key takes the place of the one before), --drop "
         "takes some away. Every key in it that signs statements must sign; those that the member has and that are not "
         "changed, too.\n\n"
         "A key that is dropped is not forgotten: once the next roster is made, what it signed before counts, and what "
         "it signs afterwards does not. After a key was lost the application lacks its signature, and `accord member "
         "admit` says so: then the others must know in another way that it is the member who asks. To go on without a "
         "gap, add the new key in one roster and drop the old one in another.",
     .example = "accord member rotate --accord my-accord --domain cisco.com --key old/release.key --key "
                "new/release.key --drop cisco.com/release -o cisco.apply\n",
     .options = accord_options_member_rotate,
     .run = accord_run_member_rotate,
     .keeps_keys = true},
    {.name = "member leave",
     .operands = "",
     .operands_min = 0,
     .operands_max = 0,
     .summary = "declare that a member leaves",
     .description =
         "Writes a departure, signed by as many of the member's release keys as its threshold says. With the "
         "next roster the member is a former one: what it signed before still counts.",
     .example = "accord member leave --accord my-accord --domain cisco.com --key release.key -o cisco.leave\n",
     .options = accord_options_member_leave,
     .run = accord_run_member_leave,
     .keeps_keys = true},
    {.name = "member admit",
     .operands = "[APPLICATION|DEPARTURE...]",
     .operands_min = 0,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "put the next roster together",
     .description =
         "Takes applications of candidates and of members that change their keys, departures, and what else the "
         "members decide, writes the text of the next roster to NEXT, and says in words what is other in it. The same "
         "files and options make the same text from the same log. Each --key signs it for its member; others sign "
         "copies of NEXT with `accord member sign`, and no key travels.\n\n"
         "Keys that are given up count below the size that the log has now, and in other logs before the time of its "
         "quorum. With --revoke a key counts only below an INDEX that lies before: what a thief signed with it since "
         "then counts for nothing. Of other logs nothing counts then, unless a TIME is given (POSIX seconds).\n\n"
         "--close-log pins the newest tree of a log: its proofs verify for ever, and nothing more is taken from it. "
         "The "
         "roster that does so is logged in another log of the accord.",
     .example = "accord member admit --accord my-accord new.apply cisco.leave --key release.key -o next\n",
     .options = accord_options_member_admit,
     .run = accord_run_member_admit,
     .keeps_keys = true},
    {.name = "member sign",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "show what the next roster changes, and sign it",
     .description =
         "Shows what is other in the next roster than in the newest one of LOG, in words, who signed it already, and "
         "adds the signature of each KEY; without one nothing is written. It is refused where it does not follow from "
         "LOG's newest roster. Applications and departures are shown and signed the same way, by the keys that are on "
         "other machines.",
     .example = "accord member sign next --accord https://log.example/ --key release.key\n",
     .options = accord_options_member_sign,
     .run = accord_run_member_sign,
     .keeps_keys = true},
    {.name = "member enact",
     .operands = "NEXT...",
     .operands_min = 1,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "log the next roster once enough members have signed it",
     .description =
         "Puts the signatures of several files of the same text together, logs the roster, and has the quorum of the "
         "roster before it stand behind the checkpoint. Then it logs an enactment, which proves just that: so the "
         "chain can be followed when none of these witnesses is there any more.\n\n"
         "Refused, and nothing logged, where too few members have signed. A signature that is wrong is left out. An "
         "enactment may be signed by anybody.",
     .example = "accord member enact next.cisco next.dell --accord my-accord\n",
     .options = accord_options_member_enact,
     .run = accord_run_member_enact,
     .keeps_keys = true},
    {.name = "member carry",
     .operands = "LOG DIR",
     .operands_min = 2,
     .operands_max = 2,
     .summary = "begin another log of the accord with its charter and rosters",
     .description = "Copies the charter, all rosters and their enactments from LOG into the empty log of DIR, and "
                    "publishes it with "
                    "the newest roster's quorum. So an accord moves: a roster opens the new log (`accord member admit "
                    "--open-log`), "
                    "the chain is carried over, and the next roster, which is logged there, closes the old one.\n\n"
                    "DIR has public/, made by `accord log new`, and private/log.key.",
     .example = "accord member carry my-accord my-new-log\n",
     .options = accord_options_member_carry,
     .run = accord_run_member_carry,
     .keeps_keys = true},
    {.name = "trust pin",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "make the trust file that a verifier keeps",
     .description =
         "Checks that the charter is signed by all its founders, that each roster follows from the one before, and "
         "that all "
         "of them are in the tree that the log published and the quorum cosigned. Then it writes the charter's digest "
         "and the newest roster.\n\n"
         "All trust hangs on the charter's digest, which is printed: compare it with one that came to you another way, "
         "or "
         "give that with --charter. A trust file of a newer roster is never overwritten, and one of another charter "
         "only "
         "where --charter says so. Whom the file that is there distrusts stays distrusted.",
     .example = "accord trust pin my-accord -o ~/.config/accord/trust\n",
     .options = accord_options_trust_pin,
     .run = accord_run_trust_pin},
    {.name = "trust distrust",
     .operands = "TRUST EVIDENCE...",
     .operands_min = 2,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "count nothing any more on those whom evidence convicts",
     .description =
         "Verifies each file of EVIDENCE and writes a line into the trust file for each log and each witness of its "
         "roster that is convicted: its key and the evidence's digest. From then on whatever reads the trust file "
         "refuses that log and reckons the quorum without that witness.\n\n"
         "Nothing is written where one file of evidence does not hold or convicts nobody whom TRUST knows. `accord "
         "trust pin -o TRUST` keeps the lines. To trust a key again, take its line out by hand.",
     .example = "accord trust distrust ~/.config/accord/trust fork.evidence\n",
     .options = accord_options_trust_distrust,
     .run = accord_run_trust_distrust},
    {.name = "trust chain",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "write a log's rosters into one file, each with its proof",
     .description =
         "Walks the chain of rosters as `accord trust pin` does and writes a bundle: each roster under a checkpoint "
         "with the quorum of the roster before it, be it the newest one or that of the roster's enactment. With this "
         "file and `accord trust follow` whoever knows an early roster comes to the newest one, offline.\n\n"
         "One file holds 256 rosters; with --after N it begins after roster N.",
     .example = "accord trust chain https://log.example/ -o rosters.bundle\n",
     .options = accord_options_trust_chain,
     .run = accord_run_trust_chain},
    {.name = "trust follow",
     .operands = "BUNDLE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "lead a trust file to the newest roster, offline",
     .description =
         "Takes from BUNDLE the roster after the one in TRUST, if as many members signed it as must and TRUST's own "
         "quorum stands behind the checkpoint that proves it; then the next one, by the quorum of that, and so on. "
         "Whom TRUST distrusts does not count, and stays distrusted.\n\n"
         "Refused, and TRUST left as it was: a roster that is missing between two, too few signatures, no quorum of "
         "the roster before, two different rosters of one number, a file with nothing but older ones.",
     .example = "accord trust follow rosters.bundle --trust ~/.config/accord/trust\n",
     .options = accord_options_trust_follow,
     .run = accord_run_trust_follow},
    {.name = "attest export",
     .operands = "PROOF",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print an attestation as an in-toto Statement",
     .description =
         "Prints a Statement v1 with the attestation's subjects. Its predicate has everything that the attestation "
         "says, and the signed entry itself; with --slsa it is SLSA provenance v1, of a build.\n\n"
         "With --key the Statement lies in a DSSE envelope that this key signed. PROOF is the attestation's proof, a "
         "bundle that holds one attestation, or the signed statement. It is not verified.",
     .example = "accord attest export widget-1.0.bin.build.tlog-proof --slsa\n",
     .options = accord_options_attest_export,
     .run = accord_run_attest_export,
     .keeps_keys = true},
    {.name = "attest",
     .operands = "[FILE|DIR...]",
     .operands_min = 0,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "log what was done at one stage of a product's life, and write the proof",
     .description =
         "Says of the FILEs that they came out of a stage, or were looked at in it: which files went in (--input), "
         "with which parameters, in which environment, by which commands. It is signed with each KEY, logged, and "
         "proven in PROOF, under the quorum's checkpoint. A directory is hashed by the manifest of all its files.\n\n"
         "With --git a commit's files are the source (of the stages design and source) or what went in (of the "
         "others), hashed as git keeps them; nothing is fetched. --require-signed has git verify the tag or the "
         "commit, by keys that you give.\n\n"
         "A build with --run can be repeated by `accord rebuild`: it has exactly the variables that --environment "
         "names, and SOURCE_DATE_EPOCH where it is set. The commands are recorded here, not run.\n\n"
         "--dsse takes in a Statement of in-toto that another tool made and one of the --dsse-key signed: SLSA "
         "provenance v1, link v0.3, test-result v0.1, SLSA's verification summary v1; of others only the subjects. It "
         "must be about one of the FILEs; without FILEs its subjects are what is attested.",
     .example = "accord attest --accord my-accord --stage source --vendor cisco.com --product ios-xe --key "
                "keys/cisco.com/stage.key --git ios-xe --tag v17.3.1\n"
                "accord attest --accord my-accord --stage build --vendor cisco.com --product ios-xe --key "
                "keys/cisco.com/stage.key --git ios-xe --tag v17.3.1 --root ios-xe --environment LC_ALL=C --run make "
                "ios-xe-17.3.1.bin\n",
     .options = accord_options_attest,
     .run = accord_run_attest,
     .keeps_keys = true},
    {.name = "manifest",
     .operands = "[DIR]",
     .operands_min = 0,
     .operands_max = 1,
     .summary = "print what a directory, or a git commit, is hashed by",
     .description =
         "A line for each file and symbolic link: its mode as git has it, its digest, its path. The SHA-256 of these "
         "lines is the directory's digest in attestations. As a file the manifest can be released; whoever has the "
         "directory makes it anew and verifies that.",
     .example = "accord manifest widget-1.0 -o widget-1.0.manifest\n"
                "accord manifest --git widget --tag v1.0 | accord verify --proof widget-1.0.manifest.tlog-proof -\n",
     .options = accord_options_manifest,
     .run = accord_run_manifest},
    {.name = "rebuild",
     .operands = "PROOF|BUNDLE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "repeat a recorded build, compare what comes out, attest the outcome",
     .description =
         "Believes the attestation of a build as `accord verify` believes a release: it is in the log, under the "
         "quorum, signed by the member who makes it. Then it copies the source, which must be what went in, to a new "
         "directory, runs the recorded commands there with the recorded variables and no others, and compares what "
         "they leave with what is recorded.\n\n"
         "The commands have no network where this machine lets a user take it away (unprivileged user namespaces); "
         "otherwise that is told, and attested. They run as you: whose builds you repeat, you trust as much, or you "
         "run this in a machine made for it.\n\n"
         "With --key the outcome, match or mismatch, is attested and logged. The exit status is 0 where all is the "
         "same, 1 where something is not, 3 where the build could not be repeated: nothing is attested then.",
     .example = "accord rebuild --source widget-1.0.tar.gz --trust accord.trust widget.build.tlog-proof\n"
                "accord rebuild --source widget --accord https://log.example/ --by sap.com --key stage.key "
                "widget.build.tlog-proof\n",
     .options = accord_options_rebuild,
     .run = accord_run_rebuild,
     .keeps_keys = true},
    {.name = "release",
     .operands = "FILE...",
     .operands_min = 1,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "log a release and write the proof beside each file",
     .description =
         "Hashes the FILEs, signs a release statement with each KEY, logs it, waits for the quorum and writes "
         "FILE.tlog-proof beside each FILE. Give out both. One release may hold files for several platforms: "
         "--platform holds for the FILEs after it.\n\n"
         "Keys that are not the vendor's own are refused before anything is logged. With --statement-only nothing is "
         "logged, nor are the keys asked whose they are: the signed statement goes to standard output, for `accord log "
         "add`.",
     .example = "accord release --accord my-accord --vendor cisco.com --product ios-xe --version 17.3.1 --key "
                "keys/cisco.com/release.key ios-xe-17.3.1.bin\n",
     .options = accord_options_release,
     .run = accord_run_release,
     .keeps_keys = true},
    {.name = "require",
     .operands = "",
     .summary = "log the policy of a product: what its releases must carry",
     .description =
         "Says what whoever verifies a release of the product asks of it: stages that are attested, and by whom; how "
         "many "
         "keys sign; rebuilders; how long, and in how many mirrors, it must have been public; how old `current` may "
         "be. "
         "The policy is the newest one in the log with the changes that are given; --drop takes a demand away.\n\n"
         "What a policy tightens holds at once. What it loosens holds only when it has been public for the notice of "
         "the "
         "policy before it: a vendor that is forced to loosen its policy is forced to do so in public. A release in an "
         "emergency, which as many keys signed as --emergency says, does without public-for and mirrors, and shows as "
         "one.",
     .example = "accord require --accord my-accord --vendor cisco.com --product ios-xe --stage source=vendor --stage "
                "build=vendor --rebuilders 2/2 --public-for 2d --max-age 14d --key keys/cisco.com/release.key\n",
     .options = accord_options_require,
     .run = accord_run_require,
     .keeps_keys = true},
    {.name = "current",
     .operands = "",
     .summary = "log what is current of a product; meant for a timer",
     .description =
         "Says, as of now: the newest roster and policy, and for each channel its newest release and the lowest that "
         "is "
         "still fit for use; and what is taken back. The proof, P.current, travels with the product's files: a device "
         "that has it cannot be kept at an old release, or be shown an old policy.\n\n"
         "What the newest statement in the log says of channels holds on, unless --only is given: after a stolen key "
         "said it, for example. A channel that is alone follows the newest release. The key is one that the roster has "
         "for this (`key current`), so that the machine with the timer holds no key that could sign a release; a "
         "threshold of release keys does as well.",
     .example = "accord current --accord https://log.example/ --vendor cisco.com --product ios-xe --key current.key\n",
     .options = accord_options_current,
     .run = accord_run_current,
     .keeps_keys = true},
    {.name = "withdraw",
     .operands = "",
     .summary = "take a release back, with a reason",
     .description =
         "Logs that releases of a product, by their sequences, are not fit for use, and why. Nothing is erased: "
         "whoever "
         "verifies with the proof, P.withdrawn, or with a `current` statement that was made after it, refuses them.",
     .example =
         "accord withdraw --accord my-accord --vendor cisco.com --product ios-xe --sequence 42 --reason vulnerable "
         "--replaced-by 43 --key keys/cisco.com/release.key\n",
     .options = accord_options_withdraw,
     .run = accord_run_withdraw,
     .keeps_keys = true},
    {.name = "status",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "each signatory's standing, computed from the log alone",
     .description =
         "For each member: whether its witness cosigned the newest checkpoint, and when it was seen last; its "
         "releases, "
         "and how many of them have which stages attested; what it rebuilt for others, and what others rebuilt of it; "
         "policies, withdrawals, `current` statements; and what it says of legal demands, and whether that is overdue. "
         "The same log gives the same answer on every machine: time is that of the quorum that vouched for the newest "
         "checkpoint, never the clock's.\n\n"
         "What no machine can check is listed as what it is, a signed statement. Without --trust the log's own charter "
         "is believed: compare its digest. See docs/status.md.",
     .example = "accord status https://log.example/ --trust ~/.config/accord/trust\n"
                "accord status my-accord --html standings.html\n",
     .options = accord_options_status,
     .run = accord_run_status},
    {.name = "custody",
     .operands = "DIR",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "what a host has, and which of it whoever has the host could read",
     .description =
         "Looks at every file below DIR, the directory of a log, a mirror, a mailbox or a witness, and at what "
         "symbolic "
         "links in it lead to: what each is, how many there are, and whether whoever has this host could read it. "
         "Nothing is taken from a configuration, or believed. A part of a log is public where a checkpoint beside it "
         "signs so large a tree (accord log check says whether its hashes hold); a key is in clear, or encrypted; what "
         "is encrypted is tried with every key and every text in DIR that may be a passphrase.\n\n"
         "What accord cannot tell is listed as unknown, with exit status 1: it is for whoever answers for the host to "
         "say what it is. Run it as the host's own user or as root, since a file that cannot be read is unknown too. "
         "See docs/compelled.md.",
     .example = "accord custody /var/lib/accord\n",
     .options = accord_options_custody,
     .run = accord_run_custody,
     .keeps_keys = true},
    {.name = "demand",
     .operands = "",
     .summary = "log what legal demands a member received, or that it received none",
     .description =
         "Says for a member, for each day from --from to --to: how many legal demands it received, of which kind, by "
         "whose law; in ranges where the law allows only those; and by when it will say so again. A statement that "
         "does not come is shown by accord status and accord monitor: to be silent needs nobody's leave.\n\n"
         "JJ is a jurisdiction's two letters, or `any`; KIND is a word that the member chooses and keeps. "
         "`any:content:0` says that no demand for content was received, by anybody's law. What a statement says is "
         "the member's word, and nobody can check it; that it was said, when, and to everybody alike, anybody can. "
         "See docs/compelled.md.",
     .example = "accord demand --accord https://log.example/ --member cisco.com --from 2026-07-01 --to 2026-09-30 "
                "--next 2027-01-15 --count any:content:0 --count US:metadata:0-249 --key release.key\n",
     .options = accord_options_demand,
     .run = accord_run_demand,
     .keeps_keys = true},
    {.name = "verify",
     .operands = "FILE...",
     .operands_min = 1,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "is this file what its vendor published to all of us? offline",
     .description = "Each FILE must be an artifact of a release that its vendor signed, that is in the log, under a "
                    "checkpoint that "
                    "witnesses in enough jurisdictions cosigned. The proof, FILE.tlog-proof, holds all of that; the "
                    "trust file says "
                    "who the members are. Nothing is asked of any network.\n\n"
                    "The trust file is TRUST, or $ACCORD_TRUST, or ~/.config/accord/trust ($XDG_CONFIG_HOME is "
                    "honoured); never one "
                    "in the current directory, since whoever packed the file could have packed that too.\n\n"
                    "With --state a release older than one that was accepted before is refused. The file has a line "
                    "`vendor product "
                    "sequence` for each product; a refused file changes nothing in it.\n\n"
                    "With --evidence a log that it convicts is refused, and a witness that it convicts does not "
                    "count; `accord trust distrust` makes that last.\n\n"
                    "The exit status is 0 where all files verify, 1 where one is refused, 3 where one, or its proof, "
                    "cannot be read. A "
                    "refusal names the rule, what was expected and what was found.",
     .example = "accord verify --trust accord.trust ios-xe-17.3.1.bin\n"
                "accord verify --json --state accepted *.bin\n",
     .options = accord_options_verify,
     .run = accord_run_verify},
    {.name = "monitor",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "follow a log, and report what somebody must know",
     .description =
         "Each checkpoint must be signed by the log and its quorum and grow out of the one before, each entry be in "
         "its "
         "tree, each statement follow its grammar and be signed as the roster asks. What is told: releases and other "
         "statements in the name of a --vendor that are not among what --expect lists; new rosters; statements that "
         "break the rules; a log that contradicts itself, goes back or is not what a --witness saw (kept as evidence); "
         "witnesses that fall silent.\n\n"
         "It looks once, for cron, or with --follow again and again. The state FILE is written after findings were "
         "told: after a crash one may be told twice, none is lost. With --json each finding is a line on standard "
         "output. The command of --exec gets the same on its standard input, and ACCORD_FINDING_CODE, _SEVERITY, "
         "_INDEX, _SUBJECT, _SENTENCE, _EVIDENCE and _LOG in its environment.\n\n"
         "The exit status is 0 where there is nothing to report, 1 where there are findings, 3 where the log, or a "
         "witness, could not be asked. With --follow it is 0 once it was told to end.",
     .example = "accord monitor --trust accord.trust --state monitor.state --vendor cisco.com --expect proofs/ "
                "https://log.example/\n"
                "accord monitor --state monitor.state --witness https://witness.example --follow --json "
                "https://log.example/\n",
     .options = accord_options_monitor,
     .run = accord_run_monitor},
    {.section = "Reports",
     .name = "report",
     .operands = "FILE...",
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "report a flaw to its vendor, sealed, with a clock that everybody sees",
     .description =
         "Seals the files to the vendor's report keys, logs that something was reported to it, when, and when it "
         "should "
         "open, puts what was sealed into the log's mailbox, and waits until the quorum stands behind it. Nobody but "
         "the vendor can read it; the vendor cannot deny that it was told; at the deadline you, or the custodians, "
         "open "
         "it. You need no account and no name.\n\n"
         "NAME.accord-case is written before anything is sent: the report's own key, and what opens it. Keep it, since "
         "with it alone you go on speaking in the case; --passphrase-file encrypts it. A report that was cut off goes "
         "on with --resume, and becomes no second case.\n\n"
         "With several --to each vendor gets a report of its own; that they belong together shows only when they are "
         "opened. --custodians K/N shares the key among N members, of whom any K can open the report. What the entry "
         "shows to everybody is said before it is sent; --dry-run says it alone. See docs/reports.md.",
     .example = "accord report --accord https://log.example/ --to cisco.com --product ios-xe --affected 17.3.1 --title "
                "'heap overflow in the DHCP parser' -o overflow poc.py notes.txt\n"
                "accord report --resume overflow.accord-case\n",
     .options = accord_options_report,
     .run = accord_run_report,
     .keeps_keys = true},
    {.name = "inbox",
     .operands = "",
     .summary = "the vendor's side: list, open and check what was reported to it",
     .description =
         "Finds the reports to the vendor whose report keys these are, fetches each from the log's mailbox, opens it, "
         "and holds it against its entry: the octets, the key, the commitment, and whose report it is. Blinded ones "
         "are "
         "tried, too. -o extracts each into a directory of its own, named by its case, beside its cover; nothing is "
         "overwritten.\n\n"
         "A key that was given up opens what was sealed to it before: give all of them. What names this vendor and "
         "does "
         "not open is listed with the reason, and the exit status is 1, until the vendor has answered it in the log. "
         "What is in a report a stranger wrote: open it as such.",
     .example = "accord inbox --accord https://log.example/ --key report.key --key report-2025.key -o reports\n",
     .options = accord_options_inbox,
     .run = accord_run_inbox,
     .keeps_keys = true},
    {.name = "case list",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "list the reports in a log, and where each stands",
     .description =
         "Reads the whole log and computes for each report: whether its vendor gave a receipt, what came after, when "
         "its "
         "embargo ends, whether a fix is overdue. All times are the witnesses': nobody's clock is believed. A report "
         "without a receipt is unverified, since anybody can log one; how many a vendor has says nothing.",
     .example = "accord case list https://log.example/ --vendor cisco.com --overdue\n",
     .options = accord_options_case_list,
     .run = accord_run_case_list},
    {.name = "case show",
     .operands = "LOG CASE",
     .operands_min = 2,
     .operands_max = 2,
     .summary = "show one case; once it is disclosed, check what was sent",
     .description =
         "CASE is eight or more digits of the case's digest, or the index of its report. What was said in it is shown "
         "in "
         "the order of the log, with what was passed over and why. Once it is disclosed, the sealed report is fetched "
         "from the log's mailbox, opened with the key that was published, and held against what its entry committed "
         "to; "
         "-o DIR extracts it.",
     .example = "accord case show https://log.example/ 1f8e3c5a90b1d2e4\n",
     .options = accord_options_case_show,
     .run = accord_run_case_show},
    {.name = "case receipt",
     .operands = "CASE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "a vendor says that it received a report",
     .description = "Fetches the sealed report, opens it with a report key, checks it against its entry, and logs a "
                    "value that only "
                    "somebody who opened it can compute: it cannot be denied later, and says nothing of what is in it.",
     .example = "accord case receipt --accord https://log.example/ --by cisco.com --key receipt.key --report-key "
                "report.key 1f8e3c5a90b1d2e4\n",
     .options = accord_options_case_receipt,
     .run = accord_run_case_receipt,
     .keeps_keys = true},
    {.name = "case progress",
     .operands = "CASE STATE",
     .operands_min = 1,
     .operands_max = 2,
     .summary = "say in a case what has come of it",
     .description =
         "STATE is triaged, need-info, fix, published, exploited, regulator, refused, unreadable, withdrawn or "
         "revealed. triaged, fix and regulator log a commitment: nobody sees the words until they are revealed, and "
         "they "
         "cannot be changed; what reveals them is kept in a file, to be given to `revealed` later. With --case FILE "
         "the "
         "reporter speaks (exploited, withdrawn), and CASE is left away.\n\n"
         "What would not count is refused before it is logged.",
     .example = "accord case progress --accord https://log.example/ --by cisco.com --key receipt.key 1f8e3c5a90b1d2e4 "
                "published --release ios-xe.bin.tlog-proof\n",
     .options = accord_options_case_progress,
     .run = accord_run_case_progress,
     .keeps_keys = true},
    {.name = "case extend",
     .operands = "CASE",
     .operands_min = 0,
     .operands_max = 1,
     .summary = "ask for, or agree to, more time; both sides have to",
     .description =
         "An extension counts when the vendor and the reporter both asked for the same date, before the case opens, "
         "once, and for no longer than the charter allows. A request alone is visible and changes nothing.",
     .example = "accord case extend --accord https://log.example/ --case my.accord-case --until 2026-12-24\n",
     .options = accord_options_case_extend,
     .run = accord_run_case_extend,
     .keeps_keys = true},
    {.name = "case disclose",
     .operands = "CASE",
     .operands_min = 0,
     .operands_max = 1,
     .summary = "publish what opens a report",
     .description = "Logs the key of the sealed report, with which anybody opens it and checks what its vendor was "
                    "told, and when. "
                    "The reporter's case file has it, and the seed by which the whole sealed report can be made again; "
                    "a vendor gets "
                    "it with a report key. Before the embargo is over it wants --early, and the log shows that it was.",
     .example = "accord case disclose --accord https://log.example/ --case my.accord-case\n",
     .options = accord_options_case_disclose,
     .run = accord_run_case_disclose,
     .keeps_keys = true},
    {.name = "case open",
     .operands = "CASE",
     .operands_min = 0,
     .operands_max = 1,
     .summary = "open a report with the shares that its custodians gave",
     .description =
         "Takes as many shares from the log as the report asks for, makes the key of them, fetches the sealed report "
         "from "
         "the log's mailbox, opens it and holds it against its entry. Nobody is asked: neither its vendor nor its "
         "reporter. -o DIR extracts it. With --by and --key, or with --case, its key is logged, too, so that everybody "
         "opens it with accord case show.\n\n"
         "Where too few shares are there, it says whose are missing, and from when on they are due. Shares that are "
         "right "
         "and do not open the report show that its reporter sealed it to another key. See docs/custodians.md.",
     .example = "accord case open --accord https://log.example/ -o report 1f8e3c5a90b1d2e4\n",
     .options = accord_options_case_open,
     .run = accord_run_case_open,
     .keeps_keys = true},
    {.name = "custodian run",
     .operands = "",
     .operands_min = 0,
     .operands_max = 0,
     .summary = "a custodian's side: check one's shares, and give them when they are due",
     .description =
         "Looks at each report whose custodian the member is. Its sealed share is opened and checked at once; where "
         "the "
         "reporter gave a wrong one, a complaint is logged that proves it. The share itself is logged when the embargo "
         "is "
         "over by the witnesses' clock, and not before, whatever this machine's clock says: not while an extension "
         "stands "
         "to which both sides agreed, not once the report was withdrawn or is disclosed.\n\n"
         "A log without its quorum moves nothing. Neither does one that shows an older tree than --state remembers, or "
         "another one, or a roster before the one in the trust file, which this command keeps up to date. A report key "
         "that was rotated is still needed: give it with --key, beside the newer one.\n\n"
         "Looks once, for a timer; with --every again and again, until SIGTERM, which ends it between two entries. See "
         "docs/custodians.md.",
     .example =
         "accord custodian run --accord https://log.example/ --member sap.com --key report.key --sign receipt.key "
         "--trust accord.trust --state custodian.state\n",
     .options = accord_options_custodian_run,
     .run = accord_run_custodian_run,
     .keeps_keys = true},
    {.section = "Advisories",
     .name = "advisory log",
     .operands = "SOURCE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "log what a vendor says of the flaws of its products",
     .description =
         "SOURCE is a text file: which products, which versions are affected, which logged releases fix them "
         "(docs/advisories.md). What was logged cannot be changed quietly: an advisory whose id is in the log already "
         "becomes its next revision, and --change says what is new in it. Its dates are those of the witnesses' "
         "clock.\n\n"
         "Releases are named by the digests of their entries, as accord release and accord proof show print them; each "
         "has to be in "
         "the log, and its vendor's.",
     .example = "accord advisory log --accord https://log.example/ --key receipt.key cisco-sa-2026-0001.advisory\n",
     .options = accord_options_advisory_log,
     .run = accord_run_advisory_log,
     .keeps_keys = true},
    {.name = "advisory list",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "list the advisories of a log",
     .description =
         "The newest revision of each, with its date by the witnesses' clock. All of the log is read, and its tree and "
         "its quorum are verified.",
     .example = "accord advisory list https://log.example/ --vendor cisco.com\n",
     .options = accord_options_advisory_list,
     .run = accord_run_advisory_list},
    {.name = "advisory show",
     .operands = "ID",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "show an advisory: its source again, and its history",
     .description = "ID is an advisory's id, or VENDOR/ID where several vendors have one of that name. The source goes "
                    "to standard "
                    "output; when each revision was public, and each release that it names, is told beside it.",
     .example = "accord advisory show --accord https://log.example/ cisco-sa-2026-0001\n",
     .options = accord_options_advisory_show,
     .run = accord_run_advisory_show},
    {.name = "audit",
     .operands = "SBOM|DIR...",
     .operands_min = 1,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "what of this is affected, by which advisory, and which version is fixed",
     .description =
         "Reads lists of components (CycloneDX or SPDX in JSON, what dpkg -l, dpkg-query -W and rpm -qa print, or a "
         "directory, whose files are known by their SHA-256) and asks the advisories about each: by SHA-256, then by "
         "package URL, then by CPE, then by name alone, which is told as possible and no more.\n\n"
         "The answers, worst first: affected, investigating, possible, older (than the newest release), withdrawn, "
         "unknown (an advisory names it, and accord cannot decide whether it means this version: the reason is told), "
         "not-affected, fixed. An explicit not-affected or fixed counts where it is at least as sure as what says "
         "affected; who says otherwise is named. Exit status 1 where something is affected.",
     .example = "accord audit --advisories osv/PyPI/all.zip --advisories csaf/ --index audit.db bom.cdx.json\n",
     .options = accord_options_audit,
     .run = accord_run_audit},
    {.section = "Evidence",
     .name = "evidence compare",
     .operands = "LINE|CHECKPOINT LOG|CHECKPOINT",
     .operands_min = 2,
     .operands_max = 2,
     .summary = "say whether a log shows you what it showed somebody else",
     .description =
         "Compares two views of a log: a LINE as `accord log checkpoint --line` prints it, a file that holds that "
         "or a checkpoint or a tlog-proof (a mail that quotes one will do), or a LOG. Where the sizes differ the "
         "larger tree must begin with the smaller one, which a LOG shows by its tiles.\n\n"
         "The exit status is 0 where they are the same or consistent, 1 where they contradict each other, and 3 "
         "where the LOG has not come as far as the view.",
     .example = "accord evidence compare \"accord/v1/view log.example 42 f6Oo...=\" https://log.example/\n"
                "accord evidence compare mail.txt my-log --output fork.evidence\n",
     .options = accord_options_evidence_compare,
     .run = accord_run_evidence_compare},
    {.name = "evidence make",
     .operands = "CHECKPOINT|LOG CHECKPOINT|LOG",
     .operands_min = 2,
     .operands_max = 2,
     .summary = "make one file of two signed views that contradict each other",
     .description =
         "Each CHECKPOINT is a file (- is standard input) that holds a signed checkpoint, a tlog-proof, or a mail "
         "that quotes one. Two roots of one size contradict each other as they are. Where the sizes differ it takes a "
         "proof that the larger tree does not begin with the smaller one: from a LOG that serves the larger tree, "
         "or a FILE of base64 lines: the root of its beginning and the consistency proof (RFC 6962) to the whole.\n\n"
         "The evidence needs nothing else to be verified but the keys. Views that agree are refused.",
     .example = "accord evidence make mine.txt theirs.txt -o fork.evidence\n"
                "accord evidence make image.tlog-proof mail.txt --log https://log.example/ -o fork.evidence\n",
     .options = accord_options_evidence_make,
     .run = accord_run_evidence_make},
    {.name = "evidence verify",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "check evidence, and name whom it convicts",
     .description =
         "Checks that the two views contradict each other, and names whose signatures stand under both: the log, and "
         "each witness that cosigned both. Only keys that are given can be convicted: those of a trust file "
         "(otherwise that of `accord verify`), of a policy, or single ones.\n\n"
         "The exit status is 0 where at least one of them is convicted, 1 otherwise.",
     .example = "accord evidence verify fork.evidence --trust accord.trust\n"
                "accord evidence verify fork.evidence --vkey \"$(cat log.vkey)\"\n",
     .options = accord_options_evidence_verify,
     .run = accord_run_evidence_verify},
    {.section = "Keys",
     .name = "key new",
     .operands = "NAME",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "make a key and print its public half",
     .description =
         "Makes a private key, keeps it in FILE (mode 0600, never over another file) and prints its public half: a "
         "vkey, or an age1... recipient for --for report. Keys of log, release and stage sign notes (Ed25519); a "
         "witness's makes timestamped cosignatures.\n\nFILE has the form that Go's sumdb/note reads, a report key's "
         "that of age. With --passphrase-file it is encrypted as age encrypts to a passphrase.",
     .example = "accord key new --for log example.com/log -o log.key\naccord key new --for witness example.com/witness "
                "-o witness.key\n",
     .options = accord_options_key_new,
     .run = accord_run_key_new,
     .keeps_keys = true},
    {.name = "key public",
     .operands = "FILE",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print the public half of a private key",
     .description = "FILE is a private key's file, or ssh-agent:VKEY for a key that ssh-agent holds.",
     .example = "accord key public log.key\n",
     .options = accord_options_key_public,
     .run = accord_run_key_public,
     .keeps_keys = true},
    {.section = "A log of anything",
     .name = "log new",
     .operands = "DIR",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "make a new empty log",
     .description =
         "Makes DIR, a log in the layout of C2SP tlog-tiles, with a signed checkpoint of the empty tree. Its origin is "
         "the key's name. Any web server can serve DIR as it lies. A log that exists is never overwritten.",
     .example = "accord log new my-log --key log.key\n",
     .options = accord_options_log_new,
     .run = accord_run_log_new,
     .keeps_keys = true},
    {.name = "log add",
     .operands = "DIR [ENTRY...]",
     .operands_min = 1,
     .operands_max = ACCORD_OPERANDS_ANY,
     .summary = "append entries, and print their indexes",
     .description =
         "The bytes of each ENTRY (- is standard input) become one entry, of 1 to 65535 bytes. When the index is "
         "printed the entry cannot be lost any more. Others see it after the next `accord log publish`.\n\nWith "
         "--batch the first index and the count are printed in one line. A batch of any size is read in bounded "
         "memory, and appended in pieces of about 3 MiB: where one entry is malformed, the pieces before it are in the "
         "log.\n\nAdding needs no key; --key is there to refuse a log that is not the key's.",
     .example = "accord log add my-log --key log.key entry.txt\ngenerate | accord log add my-log --batch -\n",
     .options = accord_options_log_add,
     .run = accord_run_log_add,
     .keeps_keys = true},
    {.name = "log publish",
     .operands = "DIR",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "sign a checkpoint, gather cosignatures, publish",
     .description =
         "Writes the tiles of all that was added, signs a checkpoint of it, and publishes that with its cosignatures: "
         "of witnesses in this process (--cosign and --state), and of those elsewhere, which answered what `accord log "
         "request` printed (--cosignatures). With --policy nothing is published unless its quorum holds; where it "
         "needs "
         "more witnesses, those with a URL in the policy are asked over HTTP (C2SP tlog-witness).",
     .example = "accord log publish my-log --key log.key\naccord log publish my-log --key log.key --policy policy "
                "--cosign witness.key --state witness.db\n",
     .options = accord_options_log_publish,
     .run = accord_run_log_publish,
     .keeps_keys = true},
    {.name = "log request",
     .operands = "DIR",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print what an air-gapped witness is asked to cosign",
     .description =
         "Prints an add-checkpoint request (C2SP tlog-witness) for the log as it is now: a signed checkpoint, and the "
         "proof that it follows from the tree of SIZE entries that the witness saw last. Take it to `accord witness "
         "cosign`, and what comes back to `accord log publish --cosignatures`, before anything more is added.",
     .example = "accord log request my-log --key log.key --old 0 -o request\naccord witness cosign --key witness.key "
                "--state witness.db --log-vkey \"$(accord key public log.key)\" <request >response\naccord log publish "
                "my-log --key log.key --cosignatures response\n",
     .options = accord_options_log_request,
     .run = accord_run_log_request,
     .keeps_keys = true},
    {.name = "log checkpoint",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print the newest checkpoint",
     .description =
         "Prints the published checkpoint as it is. Nothing of it has been verified.\n\n"
         "To compare what a log shows with what it shows to somebody else, --line prints it in one line of at most 200 "
         "bytes, for a mail or a telephone, and --qr draws that line for a camera; `accord evidence compare` takes the "
         "line.",
     .example = "accord log checkpoint my-log\naccord log checkpoint https://log.example/ --qr\n",
     .options = accord_options_log_checkpoint,
     .run = accord_run_log_checkpoint},
    {.name = "log prove",
     .operands = "LOG INDEX",
     .operands_min = 2,
     .operands_max = 2,
     .summary = "print the proof of an entry",
     .description = "Prints a C2SP tlog-proof of the entry at INDEX under the newest checkpoint. The entry itself "
                    "travels in the proof's extra line.",
     .example = "accord log prove my-log 0 -o entry.tlog-proof\n",
     .options = accord_options_log_prove,
     .run = accord_run_log_prove},
    {.name = "log follow",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print new entries as they come",
     .description =
         "Prints each entry as a line of JSON: index, leaf, size, entry (or entry_base64, where it is not text), and "
         "statement, where it is one of accord's. Each checkpoint must follow from the one before, and each entry be "
         "in "
         "its tree, or the command refuses and ends; with --vkey the log must have signed it, with --policy a quorum "
         "cosigned it too.\n\n"
         "With --state it goes on where it stopped: an entry may come twice after a crash, none is left out. It looks "
         "again each second until SIGTERM, SIGINT, or until nobody reads its output.",
     .example = "accord log follow https://log.example/ --vkey \"$(cat log.vkey)\" --state follow.state\n"
                "accord log follow my-log --once --from 1000\n",
     .options = accord_options_log_follow,
     .run = accord_run_log_follow},
    {.name = "log mirror",
     .operands = "LOG DIR",
     .operands_min = 2,
     .operands_max = 2,
     .summary = "copy a log, verified, or bring a copy up to date",
     .description =
         "Copies all of LOG into DIR, which is made where it is not there: its entries, the tiles of its tree, its "
         "checkpoint. DIR is then a log that every other command reads, and that any web server can give out as it "
         "lies. Run again, it brings what is new.\n\n"
         "The checkpoint must be signed (--vkey), or be cosigned by a quorum (--policy, --trust); it must grow out of "
         "the one that DIR has; and each entry must be in its tree before it is written. A log that forked or was "
         "rolled back is refused, DIR stays as it was, and both signed checkpoints are kept in DIR/.accord for "
         "`accord evidence make`.\n\n"
         "It may be interrupted and killed at any time: what is whole stays, and the next run goes on from there. The "
         "checkpoint in DIR changes last, when all that it speaks of is on the disk. With --key it gets this key's "
         "cosignature, by which a mirror says that it holds it all (C2SP tlog-mirror).",
     .example = "accord log mirror https://log.example/ copy --vkey \"$(cat log.vkey)\"\n"
                "accord log mirror https://log.example/ copy --trust accord.trust --key mirror.key\n",
     .options = accord_options_log_mirror,
     .run = accord_run_log_mirror,
     .keeps_keys = true},
    {.name = "log check",
     .operands = "LOG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "recompute a whole log from its entries",
     .description = "Checks that VKEY signed the newest checkpoint, that every entry hashes to its place in the tiles, "
                    "every tile to its place above, and all of them to the root. The first thing wrong is named.",
     .example = "accord log check my-log --vkey \"$(accord key public log.key)\"\n",
     .options = accord_options_log_check,
     .run = accord_run_log_check},
    {.name = "proof verify",
     .operands = "PROOF",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "verify any C2SP tlog-proof",
     .description = "The checkpoint must be signed by a log of the POLICY and cosigned by its quorum, and the entry be "
                    "in the tree. It says since when it has been public, and who vouches for it.",
     .example = "accord proof verify entry.tlog-proof --entry entry.txt --policy policy\n",
     .options = accord_options_proof_verify,
     .run = accord_run_proof_verify},
    {.name = "proof refresh",
     .operands = "PROOF",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "prove an entry again, under the newest checkpoint of its log",
     .description =
         "Makes a new proof of the entry in PROOF, which speaks as of now: from the log itself, or from any copy of "
         "it. "
         "Keep the old one, too, where a policy asks how long a release has been public: only that one knows. Of a "
         "bundle its first entry is proven again, and what it holds stays.\n\n"
         "Nothing is verified but that the new proof leads to the new checkpoint: `accord verify` asks the rest.",
     .example = "accord proof refresh fw.bin.tlog-proof --accord https://log.example/ -o fw.bin.later\n"
                "accord verify --bundle fw.bin.later fw.bin\n",
     .options = accord_options_proof_refresh,
     .run = accord_run_proof_refresh},
    {.name = "proof show",
     .operands = "PROOF",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "explain a proof, without believing it",
     .description = "Says what a tlog-proof claims: of which log, which index, which tree, signed by whom and when, "
                    "and the entry, where it is a statement of accord's. Nothing is verified.",
     .example = "accord proof show ios-xe-17.3.1.bin.tlog-proof\n",
     .options = accord_options_proof_show,
     .run = accord_run_proof_show},
    {.name = "witness cosign",
     .operands = "",
     .summary = "cosign a checkpoint: an air-gapped witness",
     .description = "Reads one add-checkpoint request (C2SP tlog-witness) from standard input. If the checkpoint "
                    "follows from the one that this witness cosigned before, which it remembers in the state FILE, its "
                    "signature line goes to standard output. Otherwise it says why not, and which size it saw last. "
                    "With several keys each answers for itself.",
     .example = "accord witness cosign --key witness.key --state witness.db --log-vkey \"$(cat log.vkey)\" <request "
                ">response\n",
     .options = accord_options_witness_cosign,
     .run = accord_run_witness_cosign,
     .keeps_keys = true},
    {.name = "witness restore",
     .operands = "",
     .summary = "use a witness's state again that was put back from a backup",
     .description =
         "A witness that forgets what it cosigned may cosign a fork. So a state FILE that is a copy, that lacks "
         "cosignatures which were made, or of which a checkpoint shows that it does, is not used until its operator "
         "has looked at it. Without other options this says whether and why.\n\n"
         "Each --checkpoint, from the log, a monitor or another witness, must carry a cosignature of this witness; its "
         "memory is raised to it. --confirm says that nothing newer was cosigned: then FILE is used again.",
     .example = "curl -s https://log.example/checkpoint >seen\naccord witness restore --state witness.db --checkpoint "
                "seen --confirm\n",
     .options = accord_options_witness_restore,
     .run = accord_run_witness_restore},
    {.section = "Servers",
     .name = "serve",
     .operands = "CONFIG",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "serve a log, witnesses and mirrors over HTTP",
     .description =
         "Serves reads (C2SP tlog-tiles), POST /add and POST /add-batch, GET /healthz and GET /metrics. An index is "
         "answered once its entry is durable; each interval what was added is published, once the policy's witnesses "
         "have cosigned it.\n\n"
         "CONFIG has a keyword and its values a line, and comments that begin with #. Relative paths are taken from "
         "its directory. It must say `log DIR KEY`, `witness KEY STATE PREFIX` or `mirror KEY DIR PREFIX`, and `listen "
         "ADDRESS [tls]` (127.0.0.1:7380, [::1]:7380, :7380, "
         "unix:PATH) unless systemd hands over sockets. It may say `accept any` (otherwise only statements by those "
         "that the newest roster allows), `policy FILE`, `interval 1s`, `witness-timeout 5s`, `without-quorum publish "
         "10m` (otherwise it waits), `passphrase-file FILE`, `tls CERTIFICATES KEY`, `dedup off`, `connections "
         "10000`, `idle-timeout 60s`, `request-timeout 30s`, `memory 64M`. Witnesses and mirrors accept the logs of "
         "`known-log VKEY [URL]`, `known-logs FILE` and `known-accord TRUST [URL]`; a mirror pulls those that have a "
         "URL, each `pull-interval 60s`.\n\n"
         "SIGTERM and SIGINT publish what was acknowledged and end; a second one ends at once. SIGHUP reads CONFIG "
         "again. What happens is said on standard error, a line of logfmt each.",
     .example = "accord serve --check accord.conf\naccord serve accord.conf\n",
     .options = accord_options_serve,
     .run = accord_run_serve,
     .keeps_keys = true,
     .network = true},
    {.section = "Help",
     .name = "help",
     .operands = "[COMMAND...]",
     .operands_max = 2,
     .summary = "explain a command, or list them all",
     .description = "Without a COMMAND it lists all of them. `accord COMMAND --help` says the same.",
     .example = "accord help log add\n",
     .options = accord_options_help,
     .run = accord_run_help},
    {.name = "completion",
     .operands = "bash|zsh|fish",
     .operands_min = 1,
     .operands_max = 1,
     .summary = "print the completion script of a shell",
     .description = "Packages install these scripts already; this is for a program in a directory of your own.",
     .example = ". <(accord completion bash)\n",
     .options = accord_options_completion,
     .run = accord_run_completion},
};

const size_t accord_command_count = sizeof accord_commands / sizeof accord_commands[0];
