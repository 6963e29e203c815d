import { pino, type Logger as Pino } from 'pino';

/** JSON lines on standard output; ids are fields, the message is a constant. Secrets never reach it. */
export class Logger {
  constructor(private readonly pino: Pino) {}

  static create(app: string, level: string): Logger {
    return new Logger(pino({
      level,
      base: { app },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['*.authorization', '*.password', '*.apiKey', '*.secret', '*.token', '*.cookie'], censor: '[redacted]' },
    }));
  }

  debug(message: string, fields: object = {}): void { this.pino.debug(fields, message); }
  info(message: string, fields: object = {}): void { this.pino.info(fields, message); }
  warn(message: string, fields: object = {}): void { this.pino.warn(fields, message); }
  error(message: string, fields: object = {}): void { this.pino.error(fields, message); }

  /** A logger whose lines carry these fields too. */
  with(fields: object): Logger { return new Logger(this.pino.child(fields)); }
}
