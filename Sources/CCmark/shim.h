#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>
#include <stdlib.h>

/* Parses CommonMark with GitHub's tables. The caller frees the document with cmark_node_free. */
static inline cmark_node *lb_markdown_parse(const char *text, size_t byte_count) {
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
    cmark_syntax_extension *table = cmark_find_syntax_extension("table");
    if (table) cmark_parser_attach_syntax_extension(parser, table);
    cmark_parser_feed(parser, text, byte_count);
    cmark_node *document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return document;
}

static inline int lb_markdown_is_heading(cmark_node *node) { return cmark_node_get_type(node) == CMARK_NODE_HEADING; }
static inline int lb_markdown_is_code(cmark_node *node) { return cmark_node_get_type(node) == CMARK_NODE_CODE_BLOCK; }
static inline char *lb_markdown_html(cmark_node *node) { return cmark_render_html(node, CMARK_OPT_DEFAULT, NULL); }
