/** Whether values of this type are compared by size, and stand to the right. */
export const isNumeric = (type: string): boolean => /^(smallint|integer|bigint|numeric|real|double precision|money)\b/.test(type) && !type.endsWith('[]');
