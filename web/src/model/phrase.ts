/** A sentence with emphasis, as data: plain strings and the words that stand out. */
export type Phrase = ReadonlyArray<string | { em: string }>

export const em = (text: string): { em: string } => ({ em: text })

/** The sentence without emphasis, for a label, a title or a search. */
export function plain(phrase: Phrase): string {
  return phrase.map((part) => (typeof part === 'string' ? part : part.em)).join('')
}

/** Text cut to a length at a word, with an ellipsis. */
export function shorten(text: string, length = 60): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= length) return line
  const cut = line.slice(0, length - 1)
  const space = cut.lastIndexOf(' ')
  return `${space > length * 0.6 ? cut.slice(0, space) : cut}…`
}

/** Items as people list them: “a, b and c”. */
export function listed(items: readonly Phrase[], word = 'and'): Phrase {
  return items.flatMap((item, index) => {
    if (index === 0) return [...item]
    return [index === items.length - 1 ? ` ${word} ` : ', ', ...item]
  })
}

/** A word of the wire as people write it: `assign_to_queue` is “assign to queue”. */
export const spoken = (word: string): string => word.replace(/[_.-]+/g, ' ').trim()

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
