"""contrib/accord.service and accord.socket, as systemd reads them."""

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
finish()
