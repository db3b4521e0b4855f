/**
 * A mail server in a process of its own: `smtp-server-script.ts <folder> <behaviour>`. It writes its port to its output,
 * and each mail that it took to the folder. It wants the name "office" and the password "s3cret-pass".
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";

const [folder = ".", behaviour = "fine"] = process.argv.slice(2);
let taken = 0;

const server = new SMTPServer({
  authOptional: behaviour === "open",
  disabledCommands: ["STARTTLS"],
  allowInsecureAuth: true,
  onAuth(auth, _session, done) {
    const fits = auth.username === "office" && auth.password === "s3cret-pass";
    if (fits) done(null, { user: "office" });
    else done(new Error(`535 no ${auth.username} with ${auth.password} here`));
  },
  onRcptTo({ address }, _session, done) {
    const refused = behaviour === "refuses" || address.startsWith("nobody@");
    if (refused) done(Object.assign(new Error("No such user here"), { responseCode: 550 }));
    else done();
  },
  onData(stream, session, done) {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      if (behaviour === "full") return done(Object.assign(new Error("Mailbox full"), { responseCode: 552 }));
      const to = session.envelope.rcptTo.map(({ address }) => address).join(",");
      taken += 1;
      writeFileSync(join(folder, `${taken}.eml`), `X-To: ${to}\r\n${Buffer.concat(parts)}`);
      if (behaviour === "dies") process.exit(1); // it took the mail, and never says so
      done();
    });
  },
});
server.on("error", () => undefined);
server.listen(0, "127.0.0.1", () => {
  const address = server.server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : ""}\n`);
});
