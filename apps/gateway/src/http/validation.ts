import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { invalid, type FieldError } from './problem.js';

function flatten(errors: readonly ValidationError[], path = ''): FieldError[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const field = `${path}${property}`;
    return [...Object.values(constraints ?? {}).map((message) => ({ field, message })), ...flatten(children ?? [], `${field}.`)];
  });
}

/** Bodies and queries against their DTO; what the DTO doesn't know is refused. Errors name fields, never values. */
export const validation = (): ValidationPipe => new ValidationPipe({
  whitelist: true, forbidNonWhitelisted: true, transform: true,
  exceptionFactory: (errors) => invalid(flatten(errors)),
});
