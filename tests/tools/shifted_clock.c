/* A clock that is wrong, for journeys in which months go by: loaded before a program (LD_PRELOAD), it adds CLOCK_SHIFT
 * seconds to what the machine calls now. Intervals stay as they are. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
    const char *shift = getenv("CLOCK_SHIFT");
    long result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && clock == CLOCK_REALTIME && shift != NULL) {
        now->tv_sec += strtol(shift, NULL, 10);
    }
    return (int)result;
}
