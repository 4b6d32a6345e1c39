/* talk.exe HOST PORT WORD SECONDS: sends WORD over TCP and prints the reply; exit code 1 if none comes in time.
   A reply counts, not a connection: a user-mode network accepts on behalf of hosts that are not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>
#include <ws2tcpip.h>

int main(int count, char **words) {
    WSADATA data;
    if (count != 5 || WSAStartup(MAKEWORD(2, 2), &data)) return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((u_short)atoi(words[2]))};
    address.sin_addr.s_addr = inet_addr(words[1]);
    SOCKET connection = socket(AF_INET, SOCK_STREAM, 0);
    u_long no_waiting = 1, waiting = 0;
    ioctlsocket(connection, FIONBIO, &no_waiting);
    connect(connection, (struct sockaddr *)&address, sizeof address);
    struct timeval patience = {atoi(words[4]), 0};
    fd_set connected;
    FD_ZERO(&connected);
    FD_SET(connection, &connected);
    if (select(0, NULL, &connected, NULL, &patience) != 1) return 1;
    ioctlsocket(connection, FIONBIO, &waiting);
    DWORD patience_ms = (DWORD)patience.tv_sec * 1000;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, (char *)&patience_ms, sizeof patience_ms);
    send(connection, words[3], (int)strlen(words[3]), 0);
    char reply[256];
    int length = recv(connection, reply, sizeof reply - 1, 0);
    if (length <= 0) return 1;
    reply[length] = 0;
    puts(reply);
    return 0;
}
