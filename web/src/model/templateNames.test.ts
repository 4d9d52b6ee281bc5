import { describe, expect, it } from 'vitest'
import type { AutomationDocument } from './document'
import { insertName, namesAt, openName, previewText } from './templateNames'

const document: AutomationDocument = {
  name: 'A',
  actions: ['one', 'two', 'three'].map((id) => ({ id, type: 'create_task', params: {} })),
}
const fields = [
  { path: 'subject', type: 'text' as const, examples: ['Cannot sign in'], share: 1 },
  { path: 'changes.stage', type: 'text' as const, examples: [], share: 1 },
]

describe('names in texts', () => {
  it('are those of the record, of the event and of the steps before', () => {
    const names = namesAt(document, 'two', fields, () => ['task_id']).map(({ name }) => name)
    expect(names).toContain('record.subject')
    expect(names).toContain('steps.one.output.task_id')
    expect(names).toContain('event.type')
    expect(names.some((name) => name.startsWith('steps.two') || name.startsWith('steps.three'))).toBe(false)
    expect(names.some((name) => name.includes('changes'))).toBe(false)
  })

  it('are begun by two braces, and written whole', () => {
    expect(openName('Hello {{', 8)).toEqual({ start: 8, typed: '' })
    expect(openName('Hello {{ rec', 12)).toEqual({ start: 9, typed: 'rec' })
    expect(openName('Hello {{ a }} ', 14)).toBeNull()
    expect(insertName('Hello {{', 8, 'record.id').text).toBe('Hello {{ record.id }}')
    expect(insertName('Hello {{ rec }}!', 12, 'record.id')).toEqual({
      text: 'Hello {{ record.id }}!',
      caret: 18,
    })
    expect(insertName('Hello', 5, 'record.id').text).toBe('Hello')
  })

  it('show what a recent event would fill in', () => {
    const names = [{ name: 'record.subject', sample: 'Cannot sign in' }, { name: 'event.type' }]
    expect(previewText('Case: {{ record.subject }}, {{ event.type }}', names)).toBe(
      'Case: Cannot sign in, {{ event.type }}',
    )
    expect(previewText('Case', names)).toBeNull()
  })
})
