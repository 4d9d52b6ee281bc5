/** Times and durations as people say them. Everything takes the present as a parameter. */

const UNITS: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** “3 minutes ago”, “in 2 hours”, “just now”. */
export function relativeTime(at: string | number | Date, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  const whole = Math.trunc(seconds)
  return Math.abs(whole) < 5 ? 'just now' : relative.format(whole, 'second')
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const dayAndClock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

/** The whole moment, with zone. */
export const exactTime = (at: string | number | Date): string => exact.format(new Date(at))

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const seconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const millis = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

/** “3 May, 14:05:09”: a moment to the second. */
export const exactClock = (at: string | number | Date): string =>
  `${day.format(new Date(at))}, ${seconds.format(new Date(at))}`

/** “3 May, 14:05:09 to 15:10:00”; what took less than ten seconds is told to the millisecond. */
export function exactSpan(from: number, to: number): string {
  const time = to - from < 10_000 ? millis : seconds
  const [begin, end] = [day.format(from), day.format(to)]
  return `${begin}, ${time.format(from)} to ${begin === end ? '' : `${end}, `}${time.format(to)}`
}

/** “14:05” today, “3 May, 14:05” on another day. */
export function clockTime(at: string | number | Date, now: number): string {
  const date = new Date(at)
  return date.toDateString() === new Date(now).toDateString() ? clock.format(date) : dayAndClock.format(date)
}

/** “120 ms”, “3.4 s”, “2 min 5 s”, “3 h 20 min”, “2 d 4 h”. */
export function durationWords(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 59.95) return `${(Math.round(seconds * 10) / 10).toString()} s`
  const pair = (size: number, unit: string, small: number, smallUnit: string): string => {
    const rounded = Math.round(seconds / small) * small
    const rest = Math.round((rounded % size) / small)
    return rest === 0
      ? `${Math.floor(rounded / size)} ${unit}`
      : `${Math.floor(rounded / size)} ${unit} ${rest} ${smallUnit}`
  }
  if (seconds < 3_600) return pair(60, 'min', 1, 's')
  if (seconds < 86_400) return pair(3_600, 'h', 60, 'min')
  return pair(86_400, 'd', 3_600, 'h')
}
