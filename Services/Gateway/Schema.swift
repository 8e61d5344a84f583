import Database

/// The steps of the gateway's schema; released ones never change.
let schema = [
    Migration(
        1,
        "people, their sessions and the keys that sign tokens",
        [
            """
            CREATE TABLE person (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL, email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL,
                role TEXT NOT NULL, created_at BIGINT NOT NULL)
            """,
            // One row a token that was given out; all that follow from one sign-in are a family.
            """
            CREATE TABLE refresh_token (
                hash BLOB PRIMARY KEY, family TEXT NOT NULL,
                person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
                expires_at BIGINT NOT NULL, used_at BIGINT)
            """,
            "CREATE INDEX refresh_token_by_family ON refresh_token (family)",
            "CREATE TABLE signing_key (id INTEGER PRIMARY KEY, pem TEXT NOT NULL, created_at BIGINT NOT NULL)",
        ]
    )
]
