# docs.together.ai/docs/deepseek-r1: How to use DeepSeek-R1 API
curl -X POST "$TOGETHER_BASE_URL/chat/completions" \
     -H "Authorization: Bearer $TOGETHER_API_KEY" \
     -H "Content-Type: application/json" \
     -d '{
     	"model": "deepseek-ai/DeepSeek-R1",
     	"messages": [
          {"role": "user", "content": "Which number is bigger 9.9 or 9.11?"}
     	]
     }'
