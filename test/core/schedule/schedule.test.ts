// Schedules and their next five times. The times were worked out apart from this code, by walking days and
// minutes with Python's zoneinfo: a local time that does not exist was put forward minute by minute until one
// does, as App Engine's own code does, and of one that exists twice the first was taken.
import { describe, expect, it } from "vitest";
import { parseSchedule } from "../../../src/core/schedule/schedule.ts";

const at = (text: string) => Date.parse(`${text}Z`);

/** The next `count` due times after `from`, all in UTC, without seconds where they are 0. */
function nextTimes(text: string, zone: string, from: string, count = 5): string {
  const schedule = parseSchedule(text, zone);
  const times: string[] = [];
  for (let time = at(from); times.length < count; ) {
    time = schedule(time) as number;
    times.push(new Date(time).toISOString().replace(/(:00)?\.000Z$/, ""));
  }
  return times.join(" ");
}

/** Schedule, zone, from when, and the next five. */
const TABLE: [text: string, zone: string, from: string, next: string][] = [
  [
    "every 5 minutes",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:10 2026-01-14T10:15 2026-01-14T10:20 2026-01-14T10:25 2026-01-14T10:30",
  ],
  [
    "every 5 mins",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:10 2026-01-14T10:15 2026-01-14T10:20 2026-01-14T10:25 2026-01-14T10:30",
  ],
  [
    "every 1 minutes",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:08 2026-01-14T10:09 2026-01-14T10:10 2026-01-14T10:11 2026-01-14T10:12",
  ],
  [
    "every 90 mins",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:30 2026-01-14T12:00 2026-01-14T13:30 2026-01-14T15:00 2026-01-14T16:30",
  ],
  [
    "every 12 hours",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T12:00 2026-01-15T00:00 2026-01-15T12:00 2026-01-16T00:00 2026-01-16T12:00",
  ],
  [
    "every 24 hours",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-15T00:00 2026-01-16T00:00 2026-01-17T00:00 2026-01-18T00:00 2026-01-19T00:00",
  ],
  [
    "every 7 hours",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T17:00 2026-01-15T00:00 2026-01-15T07:00 2026-01-15T14:00 2026-01-15T21:00",
  ],
  [
    "every 1 hours",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T11:00 2026-01-14T12:00 2026-01-14T13:00 2026-01-14T14:00 2026-01-14T15:00",
  ],
  [
    "every 5 minutes",
    "America/New_York",
    "2026-03-08T06:52",
    "2026-03-08T06:55 2026-03-08T07:00 2026-03-08T07:05 2026-03-08T07:10 2026-03-08T07:15",
  ],
  [
    "every 30 mins from 10:00 to 14:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:30 2026-01-14T11:00 2026-01-14T11:30 2026-01-14T12:00 2026-01-14T12:30",
  ],
  [
    "every 2 hours from 10:00 to 14:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T12:00 2026-01-14T14:00 2026-01-15T10:00 2026-01-15T12:00 2026-01-15T14:00",
  ],
  [
    "every 5 minutes from 10:00 to 14:00",
    "UTC",
    "2026-01-14T13:52",
    "2026-01-14T13:55 2026-01-14T14:00 2026-01-15T10:00 2026-01-15T10:05 2026-01-15T10:10",
  ],
  [
    "every 45 mins from 9:00 to 11:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:30 2026-01-15T09:00 2026-01-15T09:45 2026-01-15T10:30 2026-01-16T09:00",
  ],
  [
    "every 50 minutes from 22:00 to 02:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T22:00 2026-01-14T22:50 2026-01-14T23:40 2026-01-15T00:30 2026-01-15T01:20",
  ],
  [
    "every 10 mins from 08:00 to 08:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-15T08:00 2026-01-16T08:00 2026-01-17T08:00 2026-01-18T08:00 2026-01-19T08:00",
  ],
  [
    "every 2 hours synchronized",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T12:00 2026-01-14T14:00 2026-01-14T16:00 2026-01-14T18:00 2026-01-14T20:00",
  ],
  [
    "every 5 mins synchronized",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:10 2026-01-14T10:15 2026-01-14T10:20 2026-01-14T10:25 2026-01-14T10:30",
  ],
  [
    "every 8 hours synchronized",
    "Asia/Kolkata",
    "2026-01-14T10:07:30",
    "2026-01-14T10:30 2026-01-14T18:30 2026-01-15T02:30 2026-01-15T10:30 2026-01-15T18:30",
  ],
  [
    "every 24 hours synchronized",
    "America/Los_Angeles",
    "2026-01-14T10:07:30",
    "2026-01-15T08:00 2026-01-16T08:00 2026-01-17T08:00 2026-01-18T08:00 2026-01-19T08:00",
  ],
  [
    "every 6 hours synchronized on sat,sun",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-17T00:00 2026-01-17T06:00 2026-01-17T12:00 2026-01-17T18:00 2026-01-18T00:00",
  ],
  [
    "every 1 hours from 09:00 to 17:00 on mon,tue,wed,thu,fri",
    "UTC",
    "2026-01-16T14:30",
    "2026-01-16T15:00 2026-01-16T16:00 2026-01-16T17:00 2026-01-19T09:00 2026-01-19T10:00",
  ],
  [
    "every day 00:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-15T00:00 2026-01-16T00:00 2026-01-17T00:00 2026-01-18T00:00 2026-01-19T00:00",
  ],
  [
    "every day 9:05",
    "Europe/Berlin",
    "2026-01-14T10:07:30",
    "2026-01-15T08:05 2026-01-16T08:05 2026-01-17T08:05 2026-01-18T08:05 2026-01-19T08:05",
  ],
  [
    "every day of month 23:59",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T23:59 2026-01-15T23:59 2026-01-16T23:59 2026-01-17T23:59 2026-01-18T23:59",
  ],
  [
    "every day of oct 00:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-10-01T00:00 2026-10-02T00:00 2026-10-03T00:00 2026-10-04T00:00 2026-10-05T00:00",
  ],
  [
    "every monday 09:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-19T09:00 2026-01-26T09:00 2026-02-02T09:00 2026-02-09T09:00 2026-02-16T09:00",
  ],
  [
    "every mon,wed,fri 12:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T12:00 2026-01-16T12:00 2026-01-19T12:00 2026-01-21T12:00 2026-01-23T12:00",
  ],
  [
    "every monday 09:00",
    "Australia/NSW",
    "2026-01-14T10:07:30",
    "2026-01-18T22:00 2026-01-25T22:00 2026-02-01T22:00 2026-02-08T22:00 2026-02-15T22:00",
  ],
  [
    "every tuesday,thursday of jan,february 06:15",
    "UTC",
    "2026-02-20T00:00",
    "2026-02-24T06:15 2026-02-26T06:15 2027-01-05T06:15 2027-01-07T06:15 2027-01-12T06:15",
  ],
  [
    "every sun of quarter 08:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-18T08:00 2026-01-25T08:00 2026-04-05T08:00 2026-04-12T08:00 2026-04-19T08:00",
  ],
  [
    "every sat of 2nd month of quarter 08:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-02-07T08:00 2026-02-14T08:00 2026-02-21T08:00 2026-02-28T08:00 2026-05-02T08:00",
  ],
  [
    "1st,third mon,wed of month 17:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-19T17:00 2026-01-21T17:00 2026-02-02T17:00 2026-02-04T17:00 2026-02-16T17:00",
  ],
  [
    "2nd friday of jan,jul 10:30",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-07-10T10:30 2027-01-08T10:30 2027-07-09T10:30 2028-01-14T10:30 2028-07-14T10:30",
  ],
  [
    "2nd,third mon,wed,thu of march 17:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-03-09T17:00 2026-03-11T17:00 2026-03-12T17:00 2026-03-16T17:00 2026-03-18T17:00",
  ],
  [
    "1st monday of sep,oct,nov 17:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-09-07T17:00 2026-10-05T17:00 2026-11-02T17:00 2027-09-06T17:00 2027-10-04T17:00",
  ],
  [
    "first sunday of quarter 00:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-04-05T00:00 2026-07-05T00:00 2026-10-04T00:00 2027-01-03T00:00 2027-04-04T00:00",
  ],
  [
    "5th friday 18:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-30T18:00 2026-05-29T18:00 2026-07-31T18:00 2026-10-30T18:00 2027-01-29T18:00",
  ],
  [
    "fourth thursday of november 05:00",
    "America/Chicago",
    "2026-01-14T10:07:30",
    "2026-11-26T11:00 2027-11-25T11:00 2028-11-23T11:00 2029-11-22T11:00 2030-11-28T11:00",
  ],
  [
    "1st monday 07:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-02-02T07:00 2026-03-02T07:00 2026-04-06T07:00 2026-05-04T07:00 2026-06-01T07:00",
  ],
  [
    "1st,2nd day of month 04:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-02-01T04:00 2026-02-02T04:00 2026-03-01T04:00 2026-03-02T04:00 2026-04-01T04:00",
  ],
  [
    "first day of first month of quarter 00:30",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-04-01T00:30 2026-07-01T00:30 2026-10-01T00:30 2027-01-01T00:30 2027-04-01T00:30",
  ],
  [
    "1 of jan,april,july,oct 00:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-04-01T00:00 2026-07-01T00:00 2026-10-01T00:00 2027-01-01T00:00 2027-04-01T00:00",
  ],
  [
    "1,8,15,22 of month 09:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-15T09:00 2026-01-22T09:00 2026-02-01T09:00 2026-02-08T09:00 2026-02-15T09:00",
  ],
  [
    "31 of month 12:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-31T12:00 2026-03-31T12:00 2026-05-31T12:00 2026-07-31T12:00 2026-08-31T12:00",
  ],
  [
    "15 of dec 10:00",
    "Asia/Tokyo",
    "2026-01-14T10:07:30",
    "2026-12-15T01:00 2027-12-15T01:00 2028-12-15T01:00 2029-12-15T01:00 2030-12-15T01:00",
  ],
  [
    "29 of feb 00:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2028-02-29T00:00 2032-02-29T00:00 2036-02-29T00:00 2040-02-29T00:00 2044-02-29T00:00",
  ],
  [
    "29,30 of feb,march 06:00",
    "UTC",
    "2027-03-29T12:00",
    "2027-03-30T06:00 2028-02-29T06:00 2028-03-29T06:00 2028-03-30T06:00 2029-03-29T06:00",
  ],
  [
    "5th tuesday of feb 08:00",
    "UTC",
    "2026-01-14T10:07:30",
    "2028-02-29T08:00 2056-02-29T08:00 2084-02-29T08:00 2124-02-29T08:00 2152-02-29T08:00",
  ],
  [
    "29 of feb 12:00",
    "UTC",
    "2095-01-01T00:00",
    "2096-02-29T12:00 2104-02-29T12:00 2108-02-29T12:00 2112-02-29T12:00 2116-02-29T12:00",
  ],
  [
    "every day 00:00",
    "UTC",
    "2028-02-27T12:00",
    "2028-02-28T00:00 2028-02-29T00:00 2028-03-01T00:00 2028-03-02T00:00 2028-03-03T00:00",
  ],
  [
    "every day 02:30",
    "America/New_York",
    "2026-03-06T12:00",
    "2026-03-07T07:30 2026-03-08T07:00 2026-03-09T06:30 2026-03-10T06:30 2026-03-11T06:30",
  ],
  [
    "every day 02:00",
    "America/New_York",
    "2026-03-06T12:00",
    "2026-03-07T07:00 2026-03-08T07:00 2026-03-09T06:00 2026-03-10T06:00 2026-03-11T06:00",
  ],
  [
    "every day 03:00",
    "America/New_York",
    "2026-03-06T12:00",
    "2026-03-07T08:00 2026-03-08T07:00 2026-03-09T07:00 2026-03-10T07:00 2026-03-11T07:00",
  ],
  [
    "every day 01:30",
    "America/New_York",
    "2026-10-30T12:00",
    "2026-10-31T05:30 2026-11-01T05:30 2026-11-02T06:30 2026-11-03T06:30 2026-11-04T06:30",
  ],
  [
    "every day 01:30",
    "America/New_York",
    "2026-11-01T05:30",
    "2026-11-02T06:30 2026-11-03T06:30 2026-11-04T06:30 2026-11-05T06:30 2026-11-06T06:30",
  ],
  [
    "every day 02:00",
    "America/New_York",
    "2026-10-30T12:00",
    "2026-10-31T06:00 2026-11-01T07:00 2026-11-02T07:00 2026-11-03T07:00 2026-11-04T07:00",
  ],
  [
    "every sunday 02:15",
    "America/New_York",
    "2026-02-25T12:00",
    "2026-03-01T07:15 2026-03-08T07:00 2026-03-15T06:15 2026-03-22T06:15 2026-03-29T06:15",
  ],
  [
    "every 30 mins from 01:00 to 03:00",
    "America/New_York",
    "2026-03-08T05:59",
    "2026-03-08T06:00 2026-03-08T06:30 2026-03-08T07:00 2026-03-09T05:00 2026-03-09T05:30",
  ],
  [
    "every 30 mins from 01:00 to 03:00",
    "America/New_York",
    "2026-11-01T04:59",
    "2026-11-01T05:00 2026-11-01T05:30 2026-11-01T07:00 2026-11-01T07:30 2026-11-01T08:00",
  ],
  [
    "every 1 hours synchronized",
    "America/New_York",
    "2026-11-01T04:30",
    "2026-11-01T05:00 2026-11-01T07:00 2026-11-01T08:00 2026-11-01T09:00 2026-11-01T10:00",
  ],
  [
    "every day 02:30",
    "Europe/Berlin",
    "2026-03-27T12:00",
    "2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:30 2026-03-31T00:30 2026-04-01T00:30",
  ],
  [
    "every day 02:30",
    "Europe/Berlin",
    "2026-10-23T12:00",
    "2026-10-24T00:30 2026-10-25T00:30 2026-10-26T01:30 2026-10-27T01:30 2026-10-28T01:30",
  ],
  [
    "every 12 hours synchronized",
    "Europe/Berlin",
    "2026-03-28T12:00",
    "2026-03-28T23:00 2026-03-29T10:00 2026-03-29T22:00 2026-03-30T10:00 2026-03-30T22:00",
  ],
  [
    "every sunday of oct 02:00",
    "Europe/Berlin",
    "2026-10-10T12:00",
    "2026-10-11T00:00 2026-10-18T00:00 2026-10-25T00:00 2027-10-03T00:00 2027-10-10T00:00",
  ],
  [
    "every day 02:15",
    "Australia/Lord_Howe",
    "2026-10-01T20:00",
    "2026-10-02T15:45 2026-10-03T15:30 2026-10-04T15:15 2026-10-05T15:15 2026-10-06T15:15",
  ],
  [
    "every day 01:45",
    "Australia/Lord_Howe",
    "2026-04-02T20:00",
    "2026-04-03T14:45 2026-04-04T14:45 2026-04-05T15:15 2026-04-06T15:15 2026-04-07T15:15",
  ],
  [
    "every 15 mins from 01:30 to 02:30",
    "Australia/Lord_Howe",
    "2026-10-03T14:50",
    "2026-10-03T15:00 2026-10-03T15:15 2026-10-03T15:30 2026-10-04T14:30 2026-10-04T14:45",
  ],
  [
    "every 15 mins from 01:30 to 02:30",
    "Australia/Lord_Howe",
    "2026-04-04T14:20",
    "2026-04-04T14:30 2026-04-04T14:45 2026-04-04T15:30 2026-04-04T15:45 2026-04-04T16:00",
  ],
  [
    "every day 00:00",
    "America/Sao_Paulo",
    "2018-11-02T12:00",
    "2018-11-03T03:00 2018-11-04T03:00 2018-11-05T02:00 2018-11-06T02:00 2018-11-07T02:00",
  ],
  [
    "every day 12:00",
    "Pacific/Apia",
    "2011-12-28T00:00",
    "2011-12-28T22:00 2011-12-29T22:00 2011-12-30T10:00 2011-12-30T22:00 2011-12-31T22:00",
  ],
  [
    "*/5 * * * *",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T10:10 2026-01-14T10:15 2026-01-14T10:20 2026-01-14T10:25 2026-01-14T10:30",
  ],
  [
    "0 9 * * 1-5",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-15T09:00 2026-01-16T09:00 2026-01-19T09:00 2026-01-20T09:00 2026-01-21T09:00",
  ],
  [
    "0 0 1 * *",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-02-01T00:00 2026-03-01T00:00 2026-04-01T00:00 2026-05-01T00:00 2026-06-01T00:00",
  ],
  [
    "15,45 2 * * *",
    "America/New_York",
    "2026-03-07T12:00",
    "2026-03-08T07:00 2026-03-09T06:15 2026-03-09T06:45 2026-03-10T06:15 2026-03-10T06:45",
  ],
  [
    "30 1 * * *",
    "America/New_York",
    "2026-10-30T12:00",
    "2026-10-31T05:30 2026-11-01T05:30 2026-11-02T06:30 2026-11-03T06:30 2026-11-04T06:30",
  ],
  [
    "*/30 * * * *",
    "America/New_York",
    "2026-11-01T04:45",
    "2026-11-01T05:00 2026-11-01T05:30 2026-11-01T07:00 2026-11-01T07:30 2026-11-01T08:00",
  ],
  [
    "0 0 13 * FRI",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-16T00:00 2026-01-23T00:00 2026-01-30T00:00 2026-02-06T00:00 2026-02-13T00:00",
  ],
  [
    "0 12 L * *",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-31T12:00 2026-02-28T12:00 2026-03-31T12:00 2026-04-30T12:00 2026-05-31T12:00",
  ],
  [
    "0 8 * * MON#2",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-02-09T08:00 2026-03-09T08:00 2026-04-13T08:00 2026-05-11T08:00 2026-06-08T08:00",
  ],
  [
    "0 0 29 2 *",
    "UTC",
    "2026-01-14T10:07:30",
    "2028-02-29T00:00 2032-02-29T00:00 2036-02-29T00:00 2040-02-29T00:00 2044-02-29T00:00",
  ],
  [
    "10-14/2 6,18 * jun-aug sun",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-06-07T06:10 2026-06-07T06:12 2026-06-07T06:14 2026-06-07T18:10 2026-06-07T18:12",
  ],
  [
    "@daily",
    "Europe/Berlin",
    "2026-01-14T10:07:30",
    "2026-01-14T23:00 2026-01-15T23:00 2026-01-16T23:00 2026-01-17T23:00 2026-01-18T23:00",
  ],
  [
    "@hourly",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-14T11:00 2026-01-14T12:00 2026-01-14T13:00 2026-01-14T14:00 2026-01-14T15:00",
  ],
  [
    "15 30 9 * * *",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-01-15T09:30:15 2026-01-16T09:30:15 2026-01-17T09:30:15 2026-01-18T09:30:15 2026-01-19T09:30:15",
  ],
  [
    "*/20 59 23 31 12 *",
    "UTC",
    "2026-01-14T10:07:30",
    "2026-12-31T23:59 2026-12-31T23:59:20 2026-12-31T23:59:40 2027-12-31T23:59 2027-12-31T23:59:20",
  ],
];

describe("the next five times", () => {
  it.each(TABLE)("%s (%s) from %s", (text, zone, from, next) => {
    expect(nextTimes(text, zone, from)).toBe(next);
  });
});

describe("the language", () => {
  it.each([
    ["EVERY Monday 09:00", "every monday 09:00"],
    ["  every   monday\n 9:00 ", "every monday 09:00"],
    ["1st , third mon , wed of month 17:00", "1st,third mon,wed of month 17:00"],
    ["every 1 hour", "every 60 minutes"],
    ["every 30 min", "every 30 minutes"],
    ["every 1 minute", "every 1 mins"],
    ["every sunday,saturday 10:00", "every sat,sun 10:00"],
    ["every day of month 10:00", "every day 10:00"],
    ["second,4th thursday of december 10:00", "2nd,fourth thu of dec 10:00"],
    ["1st day of 1st,2nd,3rd month of quarter 10:00", "1 of month 10:00"],
    ["every 2 hours from 00:00 to 23:59", "every 2 hours synchronized"],
    [" 0 9 * * MON ", "0 9 * * 1"],
  ])("%s means %s", (one, other) => {
    const from = "2026-01-14T10:07:30";
    expect(nextTimes(one, "Europe/Berlin", from)).toBe(nextTimes(other, "Europe/Berlin", from));
  });
});

const FIVE =
  "five fields (minute, hour, day, month, weekday), or six with the second in front, not";
const NICKNAMES = "one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually";
const WEEKDAYS = '"day", or weekdays such as mon,tuesday after "every"';

describe("what cannot be read", () => {
  it.each([
    ["", '"every", 1st to 5th, or days of the month'],
    ["hourly", '"every", 1st to 5th, or days of the month, not "hourly"'],
    ["every", '"day", or weekdays such as mon,tuesday after "every"'],
    ["every month 09:00", '"day", or weekdays such as mon,tuesday after "every", not "month"'],
    ["every 5", 'hours or minutes after "every 5"'],
    ["every 5 days", 'hours or minutes after "every 5", not "days"'],
    ["every 0 minutes", "an interval of 1 or more"],
    [
      "every 5 minutes 10:00",
      '"from" and "to", "synchronized", or the end after "every 5 minutes", not "10:00"',
    ],
    [
      "every 5 minutes on mon",
      '"from" and "to", "synchronized", or the end after "every 5 minutes", not "on"',
    ],
    ["every 5 minutes from 10:00", '"to" after "every 5 minutes from 10:00"'],
    [
      "every 5 minutes from 10:00 to 24:00",
      'a time from 00:00 to 23:59 after "every 5 minutes from 10:00 to", not "24:00"',
    ],
    [
      "every 7 hours synchronized",
      'with "synchronized" an interval that 24 hours are a multiple of',
    ],
    [
      "every 48 hours synchronized",
      'with "synchronized" an interval that 24 hours are a multiple of',
    ],
    [
      "every 1 hours from 22:00 to 02:00 on mon",
      'with "on" a range that ends on the day it begins',
    ],
    ["every day", 'a time from 00:00 to 23:59 after "every day"'],
    ["every day 09:60", 'a time from 00:00 to 23:59 after "every day", not "09:60"'],
    ["every day at 09:00", 'a time from 00:00 to 23:59 after "every day", not "at"'],
    ["every day 09:00 utc", 'the end after "every day 09:00", not "utc"'],
    ["6th monday 09:00", '"every", 1st to 5th, or days of the month, not "6th"'],
    ["1st,6th monday 09:00", '1st, 2nd, 3rd, 4th or 5th after "1st,", not "6th"'],
    ["1st 09:00", '"day", or weekdays such as mon,tuesday after "1st", not "09:00"'],
    ["1,15 09:00", '"of" and months after "1,15", not "09:00"'],
    ["1,32 of month 09:00", 'a day from 1 to 31 after "1,", not "32"'],
    [
      "1st mon of 09:00",
      '"month", "quarter", or months such as jan,february after "1st mon of", not "09:00"',
    ],
    [
      "1st mon of jan, 09:00",
      '"month", "quarter", or months such as jan,february after "1st mon of jan,", not "09:00"',
    ],
    ["1st mon of 4th month of quarter 09:00", "1st to 3rd of a quarter"],
    ["30 of feb 09:00", "a schedule that comes round"],
    ["31 of apr,jun,sep,nov 09:00", "a schedule that comes round"],
    ["0 0 30 2 *", "a schedule that comes round"],
    ["* * * *", `${FIVE} 4`],
    ["5", `${FIVE} 1`],
    ["* * *", `${FIVE} 3`],
    ["* * * * * * 2030", `${FIVE} 7`],
    ["0 9 * * 1-5 * UTC", `${FIVE} 7`],
    ["60 * * * *", 'a minute from 0 to 59, not "60"'],
    ["5x * * * *", 'a minute from 0 to 59, not "5x"'],
    ["*/0 * * * *", 'a minute from 0 to 59, not "*/0"'],
    ["5-1 * * * *", 'a minute from 0 to 59, not "5-1"'],
    ["* 24 * * *", 'an hour from 0 to 23, not "24"'],
    ["* * 0 * *", 'a day from 1 to 31, or L, not "0"'],
    ["* * * 13 *", 'a month from 1 to 12, or jan to dec, not "13"'],
    ["* * * * 8", 'a weekday from 0 to 7, or sun to sat, not "8"'],
    ["* * * * MOO", 'a weekday from 0 to 7, or sun to sat, not "MOO"'],
    ["* * * * *,", 'a weekday from 0 to 7, or sun to sat, not "*,"'],
    ["61 * * * * *", 'a second from 0 to 59, not "61"'],
    ["0 9 * * 1-5 UTC", 'a weekday from 0 to 7, or sun to sat, not "UTC"'],
    ["@reboot", "a time: a Worker has no start to run something at"],
    ["@every 5m", 'an interval in words, such as "every 5 minutes"'],
    ["@every5m", 'an interval in words, such as "every 5 minutes"'],
    ["@", NICKNAMES],
    ["@daily x", NICKNAMES],
    ["@dayly", NICKNAMES],
    ["every minutes", 'a number, as in "every 1 minutes", after "every", not "minutes"'],
    ["every hours synchronized", 'a number, as in "every 1 minutes", after "every", not "hours"'],
    [
      "every hour 09:00",
      '"from" and "to", "synchronized", or the end after "every hour", not "09:00"',
    ],
    ["every second", `${WEEKDAYS}, not "second"`],
    ["every day 24:00", 'a time from 00:00 to 23:59 after "every day", not "24:00"'],
    [
      "every 5 minutes from 00:00 to 24:00",
      'a time from 00:00 to 23:59 after "every 5 minutes from 00:00 to", not "24:00"',
    ],
    [
      "every 5 minutes from 24:00 to 23:00",
      'a time from 00:00 to 23:59 after "every 5 minutes from", not "24:00"',
    ],
  ])("%j", (text, expected) => {
    let said = "";
    try {
      parseSchedule(text, "UTC");
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toEqual(expected);
  });
});

describe("one is understood, as in files of production", () => {
  it.each([
    ["every minute", "every 1 minutes"],
    ["every min", "every 1 minutes"],
    ["Every Minute", "every 1 minutes"],
    ["every hour", "every 1 hours"],
    ["every minute synchronized", "every 1 minutes synchronized"],
    ["every hour synchronized", "every 1 hours synchronized"],
    ["every hour from 09:00 to 17:00", "every 1 hours from 09:00 to 17:00"],
    ["every minute from 23:50 to 00:10", "every 1 minutes from 23:50 to 00:10"],
    ["every hour from 09:00 to 17:00 on mon", "every 1 hours from 09:00 to 17:00 on mon"],
    ["every 1 minute", "every 1 minutes"],
    ["every 1 hour", "every 1 hours"],
  ])("%s is %s", (text, same) => {
    const [one, other] = [parseSchedule(text), parseSchedule(same)];
    let at: number | undefined = Date.UTC(2026, 10, 24, 8, 59, 30);
    for (let i = 0; i < 100 && at !== undefined; i++) {
      expect(one(at)).toBe(other(at));
      at = other(at);
    }
  });
});
