import { formatLine } from './log-lines.js';

/** What the person at the terminal sees; plain text where it isn't a terminal. */
export class Terminal {
  readonly colour = process.stdout.isTTY === true && !process.env['NO_COLOR'];

  constructor() {
    // a closed terminal or pipe must not end the stack in the middle of a stop
    process.stdout.on('error', () => {});
    process.stderr.on('error', () => {});
  }

  /** A step of the start. */
  step(text: string): void { process.stdout.write(`· ${text}\n`); }

  block(text: string): void { process.stdout.write(`\n${text}\n\n`); }

  /** A line that a program wrote. */
  line(name: string, line: string): void { process.stdout.write(`${formatLine(name, line, this)}\n`); }

  /** What the stack itself has to say about a program. */
  say(name: string, text: string): void { this.line('stack', JSON.stringify({ level: 'warn', time: Date.now(), msg: `${name} ${text}` })); }
}
