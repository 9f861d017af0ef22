/* Telling the service manager how the server is (systemd's notification protocol). */
#ifndef ACCORD_SERVE_NOTIFY_H
#define ACCORD_SERVE_NOTIFY_H

/* "READY=1", or several assignments with a newline between. Where nobody asked for it nothing happens. */
void accord_notify(const char *state);
/* RELOADING=1 with the time that goes with it. READY=1 ends it. */
void accord_notify_reloading(void);

#endif
