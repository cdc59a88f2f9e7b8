"""HTTP/1.1 and HTTP/2 over sockets, as far as clients of Bedrock use them."""
