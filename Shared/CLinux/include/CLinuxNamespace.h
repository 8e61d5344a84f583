#pragma once
/* Moves the calling thread into a network namespace of its own, whose loopback interface is up and in which every
   group may open ping sockets. Needs CAP_SYS_ADMIN. -1 and errno on failure. */
int clinux_enter_new_network(void);
