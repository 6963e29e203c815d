export { SCHEDULE_MODES, createNextDue, minutesOf, type Schedule } from './next-due.js';
export { dayAt, instantOf, isTimeZone } from './time-zone.js';
