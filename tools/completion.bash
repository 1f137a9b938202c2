# Completion of tdrun and tdtest in bash: options, and the values of some, by what --help says of them.
# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# usage: . tools/completion.bash

lintel_complete() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} help words=
	help=$("$1" --help 2>/dev/null)
	if [[ $word == -* ]]; then
		words=$(sed -n '/^  -/p' <<<"$help" | grep -oE -- '--[a-z0-9-]+')
	elif [[ $before == --* ]]; then
		words=$(sed -nE "s/^  $before \{([^}]*)\}.*/\1/p" <<<"$help")
	fi
	mapfile -t COMPREPLY < <(compgen -W "${words//,/ }" -- "$word")
}

# Files, where there is nothing else to offer.
complete -o default -F lintel_complete tdrun tdtest
