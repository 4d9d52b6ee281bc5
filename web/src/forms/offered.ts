import type { ComboboxParsedItem, OptionsFilter } from '@mantine/core'

/** Which suggestions to offer for what is typed: those that hold it; none once one is typed out, so that nothing is covered. */
export const offeredFor: OptionsFilter = ({ options, search, limit }) => {
  const typed = search.trim().toLowerCase()
  const plain = options.filter(
    (option): option is Extract<ComboboxParsedItem, { value: string }> => 'value' in option,
  )
  if (plain.some((option) => option.label.toLowerCase() === typed)) return []
  return plain.filter((option) => option.label.toLowerCase().includes(typed)).slice(0, limit)
}
