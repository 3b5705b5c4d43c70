SITE.put("history", {"makes":"conformance history FRAMEWORK --json > runs/quick/history/FRAMEWORK.json","frameworks":[]});
