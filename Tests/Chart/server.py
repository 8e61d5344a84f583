"""A PostgreSQL server in the tests' namespace, with the roles that the chart makes."""

import shutil
import subprocess
from pathlib import Path

from outcome import Failed
from rendering import KEEPS, documents

ADDRESS = "10.77.0.100"
NAME = "sonde-postgres"


class Server:
    """Belongs to the user of Debian's package, since PostgreSQL does not run as root."""

    def __init__(self, namespace: str, folder: Path) -> None:
        self.namespace, self.folder = namespace, folder
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

    def start(self, values: dict) -> None:
        self.folder.mkdir()
        shutil.chown(self.folder, "postgres", "postgres")
        (self.folder / "password").write_text(password("admin"))
        (self.folder / "password").chmod(0o644)
        access = ["--auth=scram-sha-256", f"--pwfile={self.folder}/password", "--username=postgres"]
        self.do("initdb", f"--pgdata={self.folder}/data", "--no-sync", *access)
        with (self.folder / "data/pg_hba.conf").open("a") as file:
            # As the image's own start writes it.
            file.write("host all all all scram-sha-256\n")
        settings = f"-c listen_addresses={ADDRESS} -c unix_socket_directories={self.folder} -c fsync=off"
        log = f"--log={self.folder}/log"
        self.do("pg_ctl", "start", "--wait", f"--pgdata={self.folder}/data", log, f"--options={settings}")
        # The image's own start makes the database, and runs what is in its folder there.
        self.query("postgres", "CREATE DATABASE sonde")
        script = next(
            document["data"]["roles.sql"]
            for document in documents(values)
            if document["kind"] == "ConfigMap" and document["metadata"]["name"] == f"{NAME}-setup"
        )
        for _ in range(2):
            # A second time, as an upgrade does.
            self.query("sonde", script)

    def query(self, database: str, text: str) -> str:
        environment = {f"SONDE_{service.upper()}_PASSWORD": password(service) for service in KEEPS}
        environment |= {"PGPASSWORD": password("admin"), "PATH": "/usr/bin:/bin"}
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--file=-"]
        command += [f"--host={ADDRESS}", "--username=postgres", f"--dbname={database}"]
        return self.run(["ip", "netns", "exec", self.namespace, *command], input=text, env=environment)

    def do(self, program: str, *arguments: str) -> None:
        command = ["ip", "netns", "exec", self.namespace, "runuser", "--user", "postgres", "--"]
        # A server that goes on would keep a pipe open.
        self.run([*command, str(self.programs / program), *arguments], output=self.folder / f"{program}.out")

    def run(self, command: list[str], output: Path | None = None, **options) -> str:
        if output is None:
            result = subprocess.run(command, capture_output=True, text=True, cwd="/", **options)
            said = result.stdout + result.stderr
        else:
            with output.open("w") as file:
                result = subprocess.run(command, stdout=file, stderr=file, cwd="/", **options)
            said = output.read_text()
        if result.returncode != 0:
            raise Failed(said[-2000:])
        return said

    def stop(self) -> None:
        if (self.folder / "data/postmaster.pid").exists():
            self.do("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={self.folder}/data")


def password(role: str) -> str:
    """With what an address of a database would have to quote."""
    return f"{role}'s @word/?"
