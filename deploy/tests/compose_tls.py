"""The desk in containers on an encrypted bus, deploy/compose.tls.yml."""

from compose_desk import Failed

FILES = "docker-compose.yml:deploy/compose.tls.yml"


def cases():
    return [the_bus_is_encrypted]


def the_bus_is_encrypted(desk):
    """compose.tls.yml: the desk runs, the command lines too, nobody speaks in the clear, and each has only what it needs of the certificates"""
    folder = desk.home / "certs"
    desk.run("deploy/nats/certificates", str(folder), "nats", "127.0.0.1")
    desk.env |= {"COMPOSE_FILE": FILES, "CERTIFICATES": str(folder)}
    try:
        waited = desk.up()
        if not desk.pages_live() or not desk.well():
            raise Failed("not everything is well")
        if "TICKS" not in desk.run("make", "--no-print-directory", "nats", "ARGS=stream ls"):
            raise Failed("make nats does not reach the bus")
        clear = desk.attempt("docker", "compose", "run", "--rm", "-T", "--no-deps", "-e", "NATS_URL=nats://nats:4222", "-e", "NATS_CA_FILE=",
                             "desk", "status")
        if clear.returncode == 0:
            raise Failed("somebody is heard in the clear")
        for name in desk.containers():
            mounted = {mount["Source"].rsplit("/", 1)[-1] for mount in desk.inspect(name)["Mounts"] if str(folder) in mount["Source"]}
            service = name.split("-")[2]
            expected = {"nats": {"server.pem", "server-key.pem"}, "edge": set()}.get(service, {"ca.pem"})
            if mounted != expected:
                raise Failed(f"{name} has {sorted(mounted)}")
    finally:
        desk.down()
        for name in ("COMPOSE_FILE", "CERTIFICATES"):
            desk.env.pop(name, None)
    return f"up after {waited:.1f} s"
