import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { readMail, type CaughtMail } from './read-mail.js';

export interface MailCatcherOptions {
  /** 0 takes a free one. */
  readonly smtpPort?: number;
  readonly httpPort?: number;
}

/** A real SMTP server that delivers nothing: it keeps the newest mails and shows them over HTTP. */
export interface MailCatcher {
  /** `smtp://127.0.0.1:<port>` */
  readonly smtpUrl: string;
  /** A list for people; `/mails.json` for programs; `/mails/<n>` is one mail's text. */
  readonly url: string;
  readonly mails: readonly CaughtMail[];
  /** From now on every mail is refused with a status 451, or taken again. */
  refuse(refused: boolean): void;
  stop(): Promise<void>;
}

const KEPT = 200;
const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

export async function startMailCatcher({ smtpPort = 0, httpPort = 0 }: MailCatcherOptions = {}): Promise<MailCatcher> {
  const mails: CaughtMail[] = [];
  let refused = false;
  const smtp = new SMTPServer({
    authOptional: true, disabledCommands: ['STARTTLS'], size: 50 * 1024 * 1024,
    onAuth: (_auth, _session, done) => { done(null, { user: 'anyone' }); },
    onData: (stream, { envelope }, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => { parts.push(part); });
      stream.on('end', () => {
        if (refused) { done(Object.assign(new Error('Not now, try again later.'), { responseCode: 451 })); return; }
        mails.push(readMail(Buffer.concat(parts), { from: envelope.mailFrom === false ? '' : envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address) }));
        if (mails.length > KEPT) mails.shift();
        done();
      });
    },
  });
  smtp.on('error', () => undefined); // a client that hangs up
  await new Promise<void>((resolve, reject) => { smtp.server.once('error', reject); smtp.listen(smtpPort, '127.0.0.1', resolve); });
  const http = createServer((request, response) => { show(mails, request.url ?? '/', response); });
  await new Promise<void>((resolve, reject) => { http.once('error', reject); http.listen(httpPort, '127.0.0.1', resolve); });
  return {
    smtpUrl: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    mails,
    refuse: (now) => { refused = now; },
    stop: async () => {
      await new Promise<void>((resolve) => { smtp.close(() => { resolve(); }); });
      http.closeAllConnections();
      await new Promise<void>((resolve) => { http.close(() => { resolve(); }); });
    },
  };
}

function show(mails: readonly CaughtMail[], url: string, response: ServerResponse): void {
  const answer = (type: string, body: string, status = 200): void => { response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body); };
  if (url === '/mails.json') return answer('application/json', JSON.stringify(mails.map(({ attachments, ...mail }) => ({ ...mail, attachments: attachments.map(({ name, content }) => ({ name, bytes: content.length })) }))));
  const one = /^\/mails\/(\d+)$/.exec(url)?.[1];
  const mail = one === undefined ? undefined : mails[Number(one)];
  if (mail !== undefined) return answer('text/plain', `To: ${mail.to.join(', ')}\nSubject: ${mail.subject}\n\n${mail.text}`);
  if (url !== '/') return answer('text/plain', 'There is no such page.', 404);
  const rows = mails.map(({ to, subject }, index) => `<li><a href="/mails/${index}">${escape(subject)}</a> to ${escape(to.join(', '))}</li>`).reverse();
  return answer('text/html', `<!doctype html><title>Caught mails</title><h1>Caught mails</h1>${rows.length === 0 ? '<p>None yet.</p>' : `<ul>${rows.join('')}</ul>`}`);
}
