/* Says that it is ready, and ends when it is asked to. */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

int main(void)
{
    sigset_t asked;
    int which;

    sigemptyset(&asked);
    sigaddset(&asked, SIGTERM);
    sigprocmask(SIG_BLOCK, &asked, NULL); /* from here on it waits, and is not lost */
    write(STDOUT_FILENO, "ready\n", 6);
    sigwait(&asked, &which);
    return 0;
}
