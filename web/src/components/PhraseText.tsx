import type { Phrase } from '../model/phrase'

/** A sentence with its emphasis. */
export function PhraseText({ phrase }: { phrase: Phrase }) {
  return (
    <span className="phrase">
      {phrase.map((part, index) =>
        typeof part === 'string' ? (
          part
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence have no other identity
          <b key={index}>{part.em}</b>
        ),
      )}
    </span>
  )
}
