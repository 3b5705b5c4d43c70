SITE.put("power", {"makes":"conformance power --json > runs/quick/power.json","totals":[],"summary":[],"survivors":[]});
