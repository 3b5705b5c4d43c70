#!/bin/bash
# Write a comment under a pull request, or write anew what stands there from an earlier run.
#
#   ci/comment.sh NUMBER FILE
#
# The first line of FILE is a mark that readers do not see; the comment that begins with it is the
# one that is replaced, and nobody else's.  Needs gh, GITHUB_REPOSITORY, and in GH_TOKEN the right to
# write pull requests.
set -euo pipefail
number=$1 file=$2
mark=$(sed -n 1p "$file")
place="repos/$GITHUB_REPOSITORY/issues"
before=$(gh api "$place/$number/comments?per_page=100" --paginate \
  --jq ".[] | select(.body | startswith(\"$mark\")) | .id" | sed -n 1p)
if [ -n "$before" ]; then
  gh api "$place/comments/$before" --silent --method PATCH --field "body=@$file"
else
  gh api "$place/$number/comments" --silent --field "body=@$file"
fi
