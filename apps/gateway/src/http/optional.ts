import { ValidateIf } from 'class-validator';

/** May be left out. Unlike `IsOptional` it refuses null, which the document doesn't allow there and no service expects. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
