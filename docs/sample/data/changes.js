SITE.put("changes", null);
