import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Product } from '../e2e/support/product.js';
import { SLUG } from './world.js';

const MEGABYTES = 48;

/** A disk in memory for one table of the warehouse; only root may mount one. */
export class SmallDisk {
  private constructor(private readonly product: Product, private readonly dir: string) {}

  /** The table moves onto it. Undefined: this login may not mount. */
  static async mount(product: Product): Promise<SmallDisk | undefined> {
    const dir = mkdtempSync(join(tmpdir(), 'cs-small-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', dir], { stdio: 'ignore' });
    } catch {
      rmSync(dir, { recursive: true });
      return undefined;
    }
    const disk = new SmallDisk(product, dir);
    try {
      const [, user, group] = /^Uid:\s+(\d+)[^]*^Gid:\s+(\d+)/m.exec(readFileSync(`/proc/${product.pid('postgres')}/status`, 'utf8')) ?? [];
      chownSync(dir, Number(user), Number(group));
      await product.warehouse.rows(`create tablespace small location '${dir}'`);
      await product.warehouse.rows(`create table public.filler (t text) tablespace small`);
      await product.warehouse.rows(`alter table ${SLUG}.customers set tablespace small`);
      return disk;
    } catch (error) {
      await disk.unmount();
      throw error;
    }
  }

  async fill(): Promise<void> {
    for (const rows of [1_000, 10, 1]) {
      let code: unknown;
      while (code === undefined) {
        code = await this.product.warehouse.rows(`insert into public.filler select string_agg(md5(random()::text), '') from generate_series(1, $1::int) n, generate_series(1, 200) m group by n`, [rows])
          .then(() => undefined, (error: unknown) => (error as { code?: string }).code);
      }
      if (code !== '53100') throw new Error(`Filling the disk ended with ${String(code)}.`);
    }
  }

  /** Not by TRUNCATE: that makes new files first. */
  async free(): Promise<void> { await this.product.warehouse.rows('drop table public.filler'); }

  async unmount(): Promise<void> {
    const { product, dir } = this;
    await product.warehouse.rows('drop table if exists public.filler').catch(() => undefined);
    await product.warehouse.rows(`alter table ${SLUG}.customers set tablespace pg_default`).catch(() => undefined);
    await product.warehouse.rows('drop tablespace if exists small').catch(() => undefined);
    execFileSync('umount', ['-l', dir], { stdio: 'ignore' });
    rmSync(dir, { recursive: true, force: true });
  }
}
