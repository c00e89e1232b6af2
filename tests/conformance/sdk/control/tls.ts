/** TLS before a server, as a reverse proxy gives it: with a certificate that nobody knows. */
import { execFileSync } from "node:child_process";
import { type AddressInfo, connect } from "node:net";
import { resolve } from "node:path";
import { createServer, type Server as Listener, type TLSSocket } from "node:tls";

const python = resolve(import.meta.dirname, "../../../../.venv/bin/python");

/** Prints a new key and a certificate of its own for 127.0.0.1, valid for a day. */
const CERTIFY = `
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
made = made.not_valid_after(now + timedelta(days=1))
made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
print(key.private_bytes(serialization.Encoding.PEM, *form).decode())
print(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
`;

export class Tls {
  private readonly sockets = new Set<TLSSocket>();

  private constructor(private readonly listener: Listener) {}

  /** Passes what comes in to `port` on this machine. */
  static async before(port: number): Promise<Tls> {
    const pem = execFileSync(python, ["-c", CERTIFY], { encoding: "utf8" });
    const listener = createServer({ key: pem, cert: pem });
    const tls = new Tls(listener);
    listener.on("secureConnection", (near) => tls.join(near, port));
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    return tls;
  }

  private join(near: TLSSocket, port: number): void {
    const far = connect(port, "127.0.0.1");
    this.sockets.add(near);
    near.on("close", () => {
      this.sockets.delete(near);
      far.destroy();
    });
    far.on("close", () => near.destroy());
    for (const socket of [near, far]) socket.on("error", () => socket.destroy());
    near.pipe(far).pipe(near);
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  close(): void {
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
