/* A console program that does nothing: what NSSM needs to run something. It prints its version as many programs do. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

int main(int count, char **arguments)
{
    if (count > 1 && !strcmp(arguments[1], "--version")) {
        printf("sleeper version v1.0.0\n");
        return 0;
    }
    Sleep(INFINITE);
    return 0;
}
