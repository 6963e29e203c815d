export { SCHEDULE_MODES, createNextDue, minutesOf, timeOf, type Schedule } from './next-due.js';
export { DayPlan, isWithin, suggestStart, type PlannedSource, type Suggestion } from './plan.js';
export { readsPerDay, runsPerDay } from './reads-per-day.js';
export { dayAt, instantOf, isTimeZone, minuteOfDay } from './time-zone.js';
