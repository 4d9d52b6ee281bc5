import { describe, expect, it } from 'vitest'
import { durationWords, exactSpan, relativeTime } from './moments'

describe('moments', () => {
  it('read a duration in its own unit', () => {
    const read = [0.0124, 0.9999, 3.42, 60, 125, 7_200, 12_000, 187_200].map(durationWords)
    expect(read).toEqual(['12 ms', '1 s', '3.4 s', '1 min', '2 min 5 s', '2 h', '3 h 20 min', '2 d 4 h'])
  })

  it('read a span exactly, with the day once', () => {
    const at = Date.parse('2026-05-01T12:00:00.250Z')
    expect(exactSpan(at, at + 30)).toMatch(/^1 May, \d\d:00:00\.250 to \d\d:00:00\.280$/)
    expect(exactSpan(at, at + 600_000)).toMatch(/^1 May, \d\d:00:00 to \d\d:10:00$/)
    expect(exactSpan(at, at + 86_400_000)).toMatch(/^1 May, (\d\d:00:00) to 2 May, \1$/)
  })

  it('read a time from the present', () => {
    const now = Date.parse('2026-05-01T12:00:00Z')
    expect(relativeTime('2026-05-01T11:59:58Z', now)).toBe('just now')
    expect(relativeTime('2026-05-01T11:57:00Z', now)).toBe('3 minutes ago')
    expect(relativeTime('2026-05-02T13:00:00Z', now)).toBe('tomorrow')
  })
})
