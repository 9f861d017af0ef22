"""The units in contrib/, as systemd reads them."""

from journey import *

analyze = shutil.which("systemd-analyze")
if analyze is None:
    print("1..0 # SKIP systemd-analyze is not here")
    sys.exit(0)
contrib = pathlib.Path(__file__).resolve().parents[2] / "contrib"
service = (contrib / "accord.service").read_text()
check("the service starts what is installed", "\nExecStart=/usr/bin/accord serve /etc/accord/accord.conf\n" in service)
write("accord.service", service.replace("/usr/bin/accord", ACCORD))
write("accord.socket", (contrib / "accord.socket").read_text())
done = subprocess.run([analyze, "verify", DIR / "accord.service", DIR / "accord.socket"], capture_output=True, text=True,
                      env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"})
# Whether the manual page is installed is not the unit's fault.
says = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("accord.") and "man accord" not in line]
check("systemd has nothing to say about them", not says, "\n".join(says))
done = subprocess.run([analyze, "security", "--offline=true", "--threshold=30", DIR / "accord.service"], capture_output=True,
                      text=True)
if "unrecognized option" not in done.stderr:
    check("the service is exposed to little", done.returncode == 0, done.stdout[-600:] + done.stderr)
for unit in ["accord-witness.service", "accord-monitor.service", "accord-current@.service", "accord-custodian.service"]:
    text = (contrib / unit).read_text()
    check(f"{unit} starts what is installed", "\nExecStart=/usr/bin/accord " in text)
    name = write(unit.replace("@", "@x"), text.replace("/usr/bin/accord", ACCORD))
    files = [DIR / name]
    timer = contrib / unit.replace(".service", ".timer")
    if timer.exists():
        files.append(DIR / write(timer.name.replace("@", "@x"), timer.read_text()))
    done = subprocess.run([analyze, "verify", *files], capture_output=True, text=True,
                          env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"})
    says = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("accord") and "man accord" not in line]
    check(f"systemd has nothing to say about {unit}", not says, "\n".join(says))
    done = subprocess.run([analyze, "security", "--offline=true", "--threshold=30", DIR / name], capture_output=True, text=True)
    if "unrecognized option" not in done.stderr:
        check(f"{unit} is exposed to little", done.returncode == 0, done.stdout[-600:] + done.stderr)
    # What it runs is understood: nothing but the log is missing.
    command = re.search(r"^ExecStart=\S+ (\w+(?: run)?)", text, re.M).group(1).split()
    options = re.findall(r" (--?[a-z-]+)", re.search(r"^ExecStart=(.*)$", text, re.M).group(1))
    help = accord(*command, "--help")
    check(f"{unit} gives options that there are", all(option in help.out + help.err for option in options), options)
finish()
