import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { root } from '../../deploy/local/src/project.js';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Patience of a machine that is busy with other things, in ms. */
const PATIENCE_MS = 60_000;

/** The pictures of the last run: looked at by people, and shown by the README. */
export const PICTURES = join(root, '.cache', 'pictures');

/** WCAG 2.2, levels A and AA. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Violation { readonly id: string; readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[] }

/** A real Chromium. @throws Error that says how to get one */
export function launch(): Promise<Browser> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined) throw new Error('The console is tested in a real browser, and there is none. Install Chromium (Debian and Ubuntu: apt-get install chromium).');
  mkdirSync(PICTURES, { recursive: true });
  return chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
}

/** A person at the console: one context, one page, and everything that went wrong in it. */
export class Person {
  readonly troubles: string[] = [];

  private constructor(readonly context: BrowserContext, readonly page: Page, private readonly browser: Browser, private readonly base: string) {}

  static async at(browser: Browser, base: string, options: { readonly width?: number; readonly dark?: boolean } = {}): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: options.width ?? 1280, height: 900 }, colorScheme: options.dark === true ? 'dark' : 'light', reducedMotion: 'reduce', bypassCSP: true });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const person = new Person(context, page, browser, base);
    page.on('pageerror', (error) => person.troubles.push(error.message));
    page.on('response', (response) => { if (response.status() >= 500) person.troubles.push(`${response.status()} ${response.url()}`); });
    return person;
  }

  /** Somebody else at the same product: a context of their own. */
  other(options?: { readonly width?: number; readonly dark?: boolean }): Promise<Person> { return Person.at(this.browser, this.base, options); }

  async goes(path: string): Promise<void> {
    await this.page.goto(`${this.base}${path}`);
    await this.settled();
  }

  /** Until the page shows what it has: a heading, and nothing that is still loading. */
  async settled(): Promise<void> {
    await this.page.getByRole('heading', { level: 1 }).first().waitFor();
    await this.page.waitForFunction("document.querySelector('[role=status][aria-label=Loading]') === null");
  }

  async signsIn(email: string, password: string): Promise<void> {
    await this.goes('/sign-in');
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.locator('input[type=password]').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.waitForURL((url) => url.pathname !== '/sign-in');
    await this.settled();
  }

  picture(name: string): Promise<unknown> { return this.page.screenshot({ path: join(PICTURES, `${name}.png`) }); }

  /** Violations of WCAG 2.2 A and AA by axe-core, as text. */
  async violations(): Promise<string[]> {
    await this.page.addScriptTag({ path: AXE });
    const found = await this.page.evaluate<readonly Violation[]>(`axe.run(document, { runOnly: ${JSON.stringify(STANDARDS)} }).then(({ violations }) => violations)`);
    return found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary.replaceAll('\n', ' ').slice(0, 160)})`).join('; ')}`);
  }

  /** How many pixels the page is wider than the screen. */
  overflow(): Promise<number> { return this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'); }
}
