import { describe, expect, it } from 'vitest'
import { isWorthReloading } from './missingParts'

describe('a missing part of the page', () => {
  it('is worth one reload, and another one only after a while', () => {
    const now = 1_700_000_000_000
    expect(isWorthReloading(null, now)).toBe(true)
    expect(isWorthReloading(String(now - 1_000), now)).toBe(false)
    expect(isWorthReloading(String(now - 120_000), now)).toBe(true)
    expect(isWorthReloading('no number', now)).toBe(true)
    expect(isWorthReloading(String(now + 5_000), now)).toBe(true)
  })
})
