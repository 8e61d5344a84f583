#pragma once
#include <libpq-fe.h>

/* The fields of an error are named by characters, which Swift imports as macros of another type. */
static inline const char *CPostgres_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *CPostgres_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

static inline const char *CPostgres_function(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
}

static inline void CPostgres_ignore(void *context, const char *message) {
    (void)context, (void)message;
}

/* Without this libpq writes the server's notices to standard error. */
static inline void CPostgres_ignore_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, CPostgres_ignore, NULL);
}
