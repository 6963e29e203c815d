import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { invalid } from './problem.js';

export const ASKS = 'asks';
export const CREATES_ONCE = 'creates-once';

/** A POST that only asks, because its question doesn't fit into a URL: it makes and begins nothing, and takes no `Idempotency-Key`. */
export const Asks = (): MethodDecorator => applyDecorators(SetMetadata(ASKS, true), ApiExtension('x-asks', true));

/** A POST whose service remembers its `Idempotency-Key` with what it makes, in one transaction: see `Creates`. All others are the interceptor's. */
export const CreatesOnce = (): MethodDecorator => SetMetadata(CREATES_ONCE, true);

/** @throws Problem when it isn't one */
export function checkKey(key: string): void {
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw invalid([{ field: 'Idempotency-Key', message: 'It must be 1 to 200 visible ASCII characters.' }]);
}
